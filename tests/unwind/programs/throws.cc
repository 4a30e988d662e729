// SPDX-License-Identifier: Apache-2.0
// throws.cc - exceptions thrown through frames with destructors, caught and thrown again: throws SECONDS
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

volatile unsigned long sink;

struct Guard {
	std::string name;
	explicit Guard(int n) : name("guard number " + std::to_string(n)) {}
	~Guard() { sink += name.size(); }
};

__attribute__((noinline)) int descend(int n)
{
	Guard g(n);

	if (n == 0)
		throw std::runtime_error(g.name);
	try {
		return descend(n - 1) + 1;
	} catch (const std::logic_error &) {
		return 0;
	}
}

__attribute__((noinline)) void containers()
{
	std::map<std::string, std::vector<int>> m;

	for (int i = 0; i < 200; i++)
		m["key " + std::to_string(i * 7919 % 53)].push_back(i);
	for (auto &[k, v] : m)
		std::sort(v.begin(), v.end(), [&](int a, int b) { sink++; return a * 31 % 17 < b * 31 % 17; });
}

} // namespace

int main(int argc, char **argv)
{
	auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(argc > 1 ? atof(argv[1]) : 5);
	std::function<void()> work = [] {
		try {
			descend(12);
		} catch (const std::exception &e) {
			sink += std::string(e.what()).size();
		}
		containers();
	};

	while (std::chrono::steady_clock::now() < end)
		work();
}
