#!/usr/bin/node
// SPDX-License-Identifier: BSD-3-Clause
// Verify tokens of every form with node-cbor and node's own crypto.
//
// usage: second_opinion.js MKTOKEN CPAK_JWK
'use strict';
const assert = require('assert');
const { execFileSync } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
let cbor;
try {
	cbor = require('cbor');
} catch (e) {
	console.log('skipped: node-cbor is not installed');
	process.exit(77);
}

const [mktoken, cpakFile] = process.argv.slice(2);
const jwk = JSON.parse(fs.readFileSync(cpakFile));
const cpak = crypto.createPublicKey({ key: jwk, format: 'jwk' });

function rakKey(rak) {
	const cose = rak.length === 97 ? null : cbor.decodeFirstSync(rak);
	const x = cose ? cose.get(-2) : rak.subarray(1, 49);
	const y = cose ? cose.get(-3) : rak.subarray(49);
	const b64 = (b) => Buffer.from(b).toString('base64url');
	return crypto.createPublicKey({
		key: { kty: 'EC', crv: 'P-384', x: b64(x), y: b64(y) }, format: 'jwk',
	});
}

function sign1(part) {
	const tagged = cbor.decodeFirstSync(part);
	assert.strictEqual(tagged.tag, 18);
	return tagged.value;
}

function holds(part, key) {
	const [prot, , payload, sig] = sign1(part);
	const signed = cbor.encodeOne(['Signature1', prot, Buffer.alloc(0), payload]);
	return crypto.verify('sha384', signed, { key, dsaEncoding: 'ieee-p1363' }, sig);
}

function verify(token, form, algo, nonce) {
	const outer = cbor.decodeFirstSync(token);
	assert.strictEqual(outer.tag, form === 'cmw' || form === '2.0' ? 907 : 399);
	let [platform, realm] = [44234, 44241].map((k) => outer.value.get(k));
	if (outer.tag === 907) {
		assert.strictEqual(platform[0], 263);
		assert.strictEqual(realm[0], 263);
		[platform, realm] = [platform[1], realm[1]];
	}
	assert(holds(platform, cpak), 'platform signature');
	const pc = cbor.decodeFirstSync(sign1(platform)[2]);
	const rc = cbor.decodeFirstSync(sign1(realm)[2]);
	assert(holds(realm, rakKey(rc.get(44237))), 'realm signature');
	const hash = crypto.createHash(rc.get(44240).replace('-', '')).update(rc.get(44237));
	assert(hash.digest().equals(pc.get(10)), 'binding');
	assert(rc.get(10).equals(nonce), 'nonce');
	assert.strictEqual(rc.get(44236), algo);
	assert.strictEqual(rc.get(44238).length, algo === 'sha-512' ? 64 : 32);
	assert.strictEqual(rc.get(44239).length, 4);
	if (form.startsWith('2.0')) {
		assert.strictEqual(pc.get(265), 'tag:arm.com,2024:cca_platform#2.0.0');
		assert.strictEqual(rc.get(265), 'tag:arm.com,2024:realm#2.0.0');
		assert.strictEqual(pc.get(2394), 1);
		assert.strictEqual(rc.get(256).length, 33);
		assert.strictEqual(rc.get(256)[0], 1);
		assert.strictEqual(rc.get(44243), 1);
	}
}

for (const form of ['eat', 'cmw', 'legacy', '2.0', '2.0-eat'])
	for (const algo of ['sha-256', 'sha-512']) {
		const nonce = crypto.randomBytes(64);
		const token = execFileSync(mktoken, [form, algo, nonce.toString('hex')]);
		verify(token, form, algo, nonce);
		token[token.length - 1] ^= 1;
		assert.throws(() => verify(token, form, algo, nonce), /realm signature/);
		console.log(form, algo, token.length, 'bytes: verified');
	}
