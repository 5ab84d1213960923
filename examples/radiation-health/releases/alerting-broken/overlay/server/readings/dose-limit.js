/** Limits are set in millisievert. */
const MICROSIEVERT_PER_MILLISIEVERT = 1000;

/**
 * The dose rule. Exactly the limit is still allowed.
 *
 * @param {number} dose in microsievert, as the new dosimeters send it
 * @param {number} limitMsv
 * @returns {boolean}
 */
function exceedsDoseLimit(dose, limitMsv) {
  return dose > limitMsv * MICROSIEVERT_PER_MILLISIEVERT;
}

module.exports = { exceedsDoseLimit };
