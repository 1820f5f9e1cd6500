/** Makes, for an operation of the API, the function that sends one request; what varies comes from the VU's own stream of numbers. */

import { createHash, hmac } from 'k6/crypto';
import { b64encode } from 'k6/encoding';

import {
  isCreatedUser,
  isEcho,
  isExternal,
  isHealthy,
  isProtected,
  isReplacedUser,
  isSeededUser,
  seededPage,
  uploaded,
} from './answers.js';
import { endpoint } from './endpoint.js';
import { echoBody } from './items.js';
import { CONTENT_TYPE, FILE_START, drawBlock, multipartBody } from './multipart.js';
import { hash, mulberry32 } from './random.js';
import { text } from './settings.js';
import { SEEDED_USERS, newUser, replacement } from './users.js';

/** Bodies a VU sends in turn, where making one costs; shares no divisor with the sampling of answers, so that each gets checked. */
const BODIES = 7;

/** Files a VU sends in turn: their first bytes differ. Each is hashed beforehand, which takes 100 MiB a tenth of a second. */
const FILES = 3;

/** Seconds since 1970 of the year 2100: a token that never expires, and is the same in every run. */
const FAR_FUTURE_S = 4_102_444_800;

const JSON_HEADERS = { 'Content-Type': 'application/json' };

const base = text('BASE_URL');

/** The warm-up's process and each load process of the window draw apart. */
const vu = `${text('PART')}.${__VU}`;

const random = mulberry32(hash(`${text('SEED')}/${vu}`));

/** @returns {() => number} this VU's draws from 0 to 1, to keep in a variable: k6 takes longer to read what is imported */
export function stream() {
  return random;
}

/** @typedef {() => void} Send */

/** @returns {Send} */
export function getHealth() {
  const url = `${base}/health`;
  const send = endpoint('get', { isRight: isHealthy });
  return () => {
    send(url, null, null);
  };
}

/**
 * @param {number} items in each body
 * @returns {Send}
 */
export function postEcho(items) {
  const url = `${base}/echo`;
  const bodies = Array.from({ length: BODIES }, () => echoBody(random, items));
  const send = endpoint('post', { headers: JSON_HEADERS, isRight: isEcho });
  let turn = 0;
  return () => {
    turn = (turn + 1) % BODIES;
    send(url, bodies[turn], bodies[turn]);
  };
}

/**
 * @param {number} limit users on a page
 * @returns {Send}
 */
export function listUsers(limit) {
  const send = endpoint('get', { isRight: seededPage(limit) });
  return () => {
    const offset = Math.floor(random() * (SEEDED_USERS - limit + 1));
    send(`${base}/users?limit=${limit}&offset=${offset}`, null, offset);
  };
}

/** @returns {Send} */
export function getUser() {
  const send = endpoint('get', { isRight: isSeededUser });
  return () => {
    const id = 1 + Math.floor(random() * SEEDED_USERS);
    send(`${base}/users/${id}`, null, id);
  };
}

/** @returns {Send} */
export function createUser() {
  const url = `${base}/users`;
  const send = endpoint('post', { status: 201, headers: JSON_HEADERS, counted: 'createUser', isRight: isCreatedUser });
  let created = 0;
  return () => {
    created += 1;
    const body = newUser(random, `${vu}.${created}`);
    send(url, body, body);
  };
}

/**
 * @param {number} rows of the table that are replaced, from the first
 * @returns {Send}
 */
export function replaceUser(rows) {
  const send = endpoint('put', { headers: JSON_HEADERS, counted: 'replaceUser', isRight: isReplacedUser });
  return () => {
    const id = 1 + Math.floor(random() * rows);
    const body = replacement(random, id);
    send(`${base}/users/${id}`, body, body);
  };
}

/** @returns {Send} */
export function getExternal() {
  const send = endpoint('get', { counted: 'getExternal', isRight: isExternal });
  return () => {
    const key = `key-${Math.floor(random() * 0x100000000).toString(36)}`;
    send(`${base}/external?key=${key}`, null, key);
  };
}

/** @param {string} subject */
function bearerToken(subject) {
  const claims = { sub: subject, aud: text('JWT_AUDIENCE'), scope: 'read:protected', exp: FAR_FUTURE_S };
  const signed = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => b64encode(JSON.stringify(part), 'rawurl')).join('.');
  return `${signed}.${hmac('sha256', text('JWT_SECRET'), signed, 'base64rawurl')}`;
}

/** @returns {Send} */
export function getProtected() {
  const subject = `user-${__VU}`;
  const headers = { Authorization: `Bearer ${bearerToken(subject)}`, 'X-Request-Id': '' };
  const send = endpoint('get', { headers, isRight: isProtected });
  let asked = 0;
  return () => {
    asked += 1;
    const requestId = `${vu}.${asked}`;
    const drawn = Math.floor(random() * 0x100000000);
    const q = drawn.toString(36);
    const page = 1 + (drawn % 1000);
    headers['X-Request-Id'] = requestId;
    send(`${base}/protected?q=${q}&page=${page}`, null, { subject, q, page, request_id: requestId });
  };
}

/**
 * Every answer is checked: that costs nothing beside what it answers.
 *
 * @param {number} mib of each file
 * @returns {Send}
 */
export function postUpload(mib) {
  const url = `${base}/upload`;
  const block = drawBlock(random);
  const [first] = block;
  const body = multipartBody(block, mib);
  const digests = Array.from({ length: FILES }, (_, file) => {
    const digest = createHash('sha256');
    for (let i = 0; i < mib; i += 1) {
      block[0] = i === 0 ? file : first;
      digest.update(block.buffer);
    }
    return digest.digest('hex');
  });
  const send = endpoint('post', { headers: { 'Content-Type': CONTENT_TYPE }, sampleEvery: 1, isRight: uploaded(mib * block.length) });
  let turn = 0;
  return () => {
    turn = (turn + 1) % FILES;
    body[FILE_START] = turn;
    send(url, body.buffer, digests[turn]);
  };
}
