/**
 * The dose rule. Exactly the limit is still allowed.
 *
 * @param {number} doseMsv
 * @param {number} limitMsv
 * @returns {boolean}
 */
function exceedsDoseLimit(doseMsv, limitMsv) {
  return doseMsv > limitMsv;
}

module.exports = { exceedsDoseLimit };
