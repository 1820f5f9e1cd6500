/** Reads what a scenario is started with from the environment, and says what is missing before the first request. */

/**
 * `k6 archive` and `k6 inspect` evaluate a script as VU 0, before a run's addresses are known: there a missing variable is empty.
 *
 * @param {string} name of an environment variable
 * @param {Record<string, string | undefined>} env
 * @param {number} vu
 * @returns {string}
 */
export function text(name, env = __ENV, vu = __VU) {
  const value = env[name] ?? '';
  if (value === '' && vu > 0) {
    throw new Error(`${name} is not set: pass it in the environment (scenarios/README.md lists what a scenario reads)`);
  }
  return value;
}

/**
 * @param {string} name of an environment variable
 * @param {Record<string, string | undefined>} env
 * @param {number} vu
 * @returns {number}
 */
export function number(name, env = __ENV, vu = __VU) {
  const value = text(name, env, vu);
  if (!Number.isFinite(Number(value))) {
    throw new Error(`${name} is "${value}", which is not a number`);
  }
  return Number(value);
}
