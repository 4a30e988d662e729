# SPDX-License-Identifier: Apache-2.0
# gdb_frames.py - run inside gdb: the addresses of one thread's frames, innermost first. $LWP names the thread.
import os

import gdb

lwp = int(os.environ["LWP"])
for thread in gdb.selected_inferior().threads():
    if thread.ptid[1] == lwp:
        thread.switch()
frame = gdb.newest_frame()
print("FRAMES")
while frame is not None:
    if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):  # neither has a place on the stack
        print("%x %s" % (frame.pc(), frame.name()))
    reason = frame.unwind_stop_reason()
    frame = frame.older()
print("END", gdb.frame_stop_reason_string(reason))
