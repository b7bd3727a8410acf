import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "test/browser",
  outputDir: "node_modules/.test-results",
  timeout: 120_000,
  // How quick the service and the viewers are is told by scripts/bench; here a shared core must not decide.
  expect: { timeout: 10_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: process.env.OMNIC_CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        // A page that a test fulfils comes from no address, and may not open a socket to this machine without it.
        "--disable-features=LocalNetworkAccessChecks",
      ],
    },
  },
});
