// SPDX-License-Identifier: Apache-2.0
// otlp-receiver.js MODULES [refuse N] - an OTLP/HTTP receiver on a free port of 127.0.0.1 that decodes with OpenTelemetry's own
// protobuf definitions (the npm package @opentelemetry/otlp-transformer, installed in MODULES). Prints "listening PORT", then a
// JSON line per request: {"path": …, "request": …}. With `refuse N` the first N requests are answered 503.
'use strict';
const http = require('http'), path = require('path'), zlib = require('zlib');
const root = require(path.join(process.argv[2], 'node_modules/@opentelemetry/otlp-transformer/build/src/generated/root.js'));
const collector = root.opentelemetry.proto.collector;
const kinds = {
	'/v1/traces': collector.trace.v1.ExportTraceServiceRequest,
	'/v1/metrics': collector.metrics.v1.ExportMetricsServiceRequest,
	'/v1/logs': collector.logs.v1.ExportLogsServiceRequest,
};
let refuse = process.argv[3] === 'refuse' ? Number(process.argv[4]) : 0;

function answer(request, response, body) {
	const kind = kinds[request.url];

	if (!kind || request.method !== 'POST' || request.headers['content-type'] !== 'application/x-protobuf') {
		response.writeHead(404).end();
		return;
	}
	if (refuse-- > 0) {
		response.writeHead(503).end();
		return;
	}
	try {
		const bytes = request.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(body) : body;
		const message = kind.toObject(kind.decode(bytes), { longs: String, bytes: String });

		console.log(JSON.stringify({ path: request.url, headers: request.headers, request: message }));
		response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
	} catch (e) {
		console.log(JSON.stringify({ path: request.url, error: String(e) }));
		response.writeHead(400).end();
	}
}

const server = http.createServer((request, response) => {
	const parts = [];

	request.on('data', (part) => parts.push(part));
	request.on('end', () => answer(request, response, Buffer.concat(parts)));
});
server.listen(0, '127.0.0.1', () => console.log('listening ' + server.address().port));
