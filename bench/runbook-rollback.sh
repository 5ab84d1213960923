#!/usr/bin/env bash
# The runbook's "Application Rollback", repaired where it cannot work, and nothing more:
#   - the tag is the one made before the deployment (the runbook computes its name from the present minute)
#   - services are stopped by name, not `all`
#   - `git checkout -f`, because a release may have left changed files
#   - when dependencies changed: `npm ci`, which the runbook forgets (from npm's warm cache, with what slows it down left out)
#   - `dist/` is built again: it is not in git, and the runbook copies it away but never back
# Expects TAG, BACKUP (folder with .env and monitoring.config.js) and REINSTALL (yes or no); runs in the application's folder.
set -euo pipefail

node "$PM2_PROGRAM" stop radiation-monitoring websocket-service csv-polling-service data-retention-service anomaly-detection-service
git checkout --quiet --force "$TAG"
if [ "$REINSTALL" = yes ]; then
  npm ci --omit=dev --ignore-scripts --no-audit --no-fund --prefer-offline
fi
cp "$BACKUP/monitoring.config.js" server/config/monitoring.config.js
cp "$BACKUP/.env" .env
node scripts/build.js
node "$PM2_PROGRAM" start ecosystem.config.js
