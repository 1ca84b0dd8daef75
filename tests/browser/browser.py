"""A headless Firefox with a profile of its own."""

import os
import pathlib
import shutil
import signal
import subprocess

PREFERENCES = {
    # Web Push by the simulator.
    "dom.push.testing.allowInsecureServerURL": True,
    "dom.push.connection.enabled": True,
    # No question is asked, and no desktop needed.
    "permissions.default.desktop-notification": 1,
    "alerts.useSystemBackend": False,
    # Nothing is asked of the network, and nothing opened.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    # Thumbnails would load the page a second time, out of sight, and it would subscribe there.
    "browser.pagethumbnails.capturing_disabled": True,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "captivedetect.canonicalURL": "",
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
    "trailhead.firstrun.didSeeAboutWelcome": True,
    "browser.sessionstore.resume_from_crash": False,
}


class Missing(Exception):
    pass


class Firefox:
    @staticmethod
    def find():
        for name in [os.environ.get("FIREFOX"), "firefox-esr", "firefox"]:
            path = name and shutil.which(name)
            if path:
                return path
        raise Missing("there is no Firefox: apt-get install firefox-esr, or say where it is by FIREFOX")

    def __init__(self, profile, log, push_server, url):
        home = profile.parent / "home"
        for folder in [profile, home]:
            folder.mkdir(exist_ok=True)
        preferences = {**PREFERENCES, "dom.push.serverURL": push_server}
        lines = [f"user_pref({quote(name)}, {quote(value)});" for name, value in preferences.items()]
        (profile / "user.js").write_text("\n".join(lines) + "\n")
        self.log = log
        # Whoever runs it, root of a machine for tests among them, nothing of theirs is touched.
        kept = {name: os.environ[name] for name in ["PATH", "LANG", "TMPDIR"] if name in os.environ}
        environment = {**kept, "HOME": str(home), "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1"}
        path = self.find()
        version = subprocess.run([path, "--version"], env=environment, capture_output=True, text=True)
        self.version = version.stdout.strip()
        command = [path, "--headless", "--no-remote", "--profile", str(profile), url]
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def is_running(self):
        return self.process.poll() is None

    def last_words(self):
        text = pathlib.Path(self.log).read_text(errors="replace")
        return " / ".join(text.strip().splitlines()[-5:]) or "nothing"

    def stop(self):
        """Ends it so that it saves its profile; and by force, with all its processes, if it does not."""
        if self.is_running():
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def quote(value):
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
