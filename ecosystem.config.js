/**
 * rollwatch itself under pm2, in a pm2 home of its own: in the application's it would be stopped by the very
 * `pm2 stop all` that it is there to survive, and it refuses to start there. Start it with
 *
 *   PM2_HOME=/var/lib/rollwatch/radiation-health/pm2 ROLLWATCH_CONFIG=/etc/rollwatch/rollwatch.yaml \
 *     pm2 start ecosystem.config.js
 *
 * that is, PM2_HOME=<state>/pm2. Secrets of the configuration come from this environment or from files.
 */
export const apps = [
  {
    name: "rollwatch",
    namespace: "rollwatch",
    script: "dist/main.js",
    cwd: import.meta.dirname,
    args: ["run", "--config", process.env.ROLLWATCH_CONFIG ?? "config/rollwatch.yaml"],
    // Node's default of 16 MiB for young objects lets 30 to 40 MiB of garbage lie; a daemon this quiet needs no more than 1.
    node_args: ["--max-semi-space-size=1"],
    exec_mode: "fork",
    instances: 1,
    // `pm2 start` returns when rollwatch watches, not when its process exists.
    wait_ready: true,
    listen_timeout: 10_000,
    // Time to bring a running rollback to a safe point; it is resumed after the next start.
    kill_timeout: 10_000,
    autorestart: true,
    exp_backoff_restart_delay: 200,
    max_memory_restart: "300M",
    // An invalid configuration does not get better by trying again.
    stop_exit_codes: [2],
    // No agent of pm2 inside: it would put pm2's code and its failures into the rescuer.
    pmx: false,
    merge_logs: true,
    time: false,
  },
];
