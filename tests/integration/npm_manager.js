/*
 * npm_manager.js - a manager that is neither net-snmp's nor pysnmp: the package net-snmp of npm, found by NODE_PATH.
 *
 * usage: node npm_manager.js ADDRESS PORT OID,... FILE...
 * The user is EDGE_USER with EDGE_AUTH and EDGE_PRIV of the environment, SHA-256 and AES-128. The files are MIB
 * modules, each after those that it imports from. Prints JSON in its last line (its MIB parser prints what it misses):
 *
 *     walked  [[oid, type, value]] of a walk of each OID; octets are hexadecimal, a Counter64 is a string
 *     got     [[oid, type]] by GET of each
 *     next    [oid] by GETNEXT of each
 *     named   {oid of an object: "MODULE::name"}, and typed: {...: type}, by the modules
 *     wrong   [[oid, type, value]] of what is not in the range, the size or the enumeration that they say
 */
"use strict";
const snmp = require("net-snmp");
const [address, port, roots, ...files] = process.argv.slice(2);
const REPETITIONS = 31, GETS = 60; // values that come with an answer

const user = {
	name: process.env.EDGE_USER, level: snmp.SecurityLevel.authPriv,
	authProtocol: snmp.AuthProtocols.sha256, authKey: process.env.EDGE_AUTH,
	privProtocol: snmp.PrivProtocols.aes, privKey: process.env.EDGE_PRIV,
};
const session = snmp.createV3Session(address, user, { port: Number(port), timeout: 5000, retries: 2 });

function plain({ oid, type, value }) {
	let shown = value;
	if (type === snmp.ObjectType.Counter64)
		shown = BigInt("0x" + (value.toString("hex") || "0")).toString();
	else if (Buffer.isBuffer(value))
		shown = value.toString("hex");
	return [oid, snmp.ObjectType[type], shown];
}

function walk(root) {
	return new Promise((resolve, reject) => {
		const found = [];
		session.subtree(root, REPETITIONS, (varbinds) => {
			for (const varbind of varbinds)
				if (snmp.isVarbindError(varbind))
					reject(new Error(snmp.varbindError(varbind)));
				else
					found.push(varbind);
		}, (error) => error ? reject(error) : resolve(found));
	});
}

function ask(how, oids) {
	return new Promise((resolve, reject) =>
		session[how](oids, (error, varbinds) => error ? reject(error) : resolve(varbinds)));
}

async function askAll(how, oids) {
	const found = [];
	for (let i = 0; i < oids.length; i += GETS)
		found.push(...await ask(how, oids.slice(i, i + GETS)));
	return found;
}

/* What its MIB parser makes of the modules: names, types and constraints of columns and scalars. */
function modules() {
	const store = snmp.createModuleStore(), named = {}, typed = {}, constraints = {};
	for (const file of files)
		store.loadFromFile(file);
	for (const [module, entries] of Object.entries(store.getModules()))
		for (const entry of Object.values(entries))
			if (entry.OID && entry.MACRO === "OBJECT-TYPE")
				named[entry.OID] = store.translate(entry.OID, snmp.OidFormat.module);
	for (const module of store.getModuleNames())
		for (const provider of store.getProvidersForModule(module))
			for (const column of provider.tableColumns || [{ ...provider, type: provider.scalarType }]) {
				const oid = provider.oid + (column.number ? "." + column.number : "");
				typed[oid] = snmp.ObjectType[column.type];
				constraints[oid] = column.constraints || {};
			}
	return { named, typed, constraints };
}

function within(limits, number) {
	return !limits || limits.some(({ min, max }) => min <= number && number <= max);
}

function fits({ enumeration, ranges, sizes }, { type, value }) {
	if (type === snmp.ObjectType.Counter64)
		return true;
	return (!enumeration || value in enumeration) && within(ranges, value) && within(sizes, value.length);
}

/* The object of an instance. */
function objectOf(oid, of) {
	while (oid && !(oid in of))
		oid = oid.slice(0, Math.max(0, oid.lastIndexOf(".")));
	return oid;
}

async function main() {
	const walked = [];
	for (const root of roots.split(","))
		walked.push(...await walk(root));
	const oids = walked.map((varbind) => varbind.oid);
	const got = await askAll("get", oids), next = await askAll("getNext", oids);
	const { named, typed, constraints } = modules();
	console.log(JSON.stringify({
		walked: walked.map(plain), got: got.map(({ oid, type }) => [oid, snmp.ObjectType[type]]),
		next: next.map(({ oid }) => oid), named, typed,
		wrong: walked.filter((found) => !fits(constraints[objectOf(found.oid, constraints)] || {}, found)).map(plain),
	}));
}

main().catch((error) => {
	console.error(String(error));
	process.exitCode = 1;
}).finally(() => session.close());
