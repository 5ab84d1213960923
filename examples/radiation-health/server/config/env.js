const path = require("node:path");

/** The folder that holds package.json, .env and dist/. */
const ROOT = path.resolve(__dirname, "..", "..");

/**
 * Reads `.env` into `process.env`. Variables that are already set win, as with `node --env-file`.
 *
 * @param {string} [file] absolute path of the file
 */
function loadEnvironment(file = path.join(ROOT, ".env")) {
  try {
    process.loadEnvFile(file);
  } catch (error) {
    if (error.code === "ENOENT") {
      throw new Error(`${file} is missing: copy .env.example to .env and fill it in`);
    }
    throw error;
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @returns {string} the value; an empty one counts as missing
 */
function text(env, name) {
  const value = env[name]?.trim();
  if (!value) {
    throw new Error(`${name} is not set (see .env.example)`);
  }
  return value;
}

/**
 * An address that may be left out.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @returns {string | null}
 */
function optionalUrl(env, name) {
  const value = env[name]?.trim() || null;
  if (value !== null && !URL.canParse(value)) {
    throw new Error(`${name} must be a URL or empty, not "${value}"`);
  }
  return value;
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 * @param {{ min: number, max: number, integer?: boolean }} range inclusive
 * @returns {number}
 */
function number(env, name, { min, max, integer = true }) {
  const value = Number(text(env, name));
  const wrongKind = integer ? !Number.isInteger(value) : !Number.isFinite(value);
  if (wrongKind || value < min || value > max) {
    const kind = integer ? "a whole number" : "a number";
    throw new Error(`${name} must be ${kind} from ${min} to ${max}, not "${env[name]}"`);
  }
  return value;
}

module.exports = { ROOT, loadEnvironment, text, optionalUrl, number };
