// The worker: takes in a parcel every second.
const fs = require("node:fs");

setInterval(() => fs.appendFileSync(process.env.PARCELS, "."), 1000);
