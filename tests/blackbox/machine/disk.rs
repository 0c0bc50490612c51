//! A small disk of its own: an ext4 in a file, mounted for as long as the value lives.

use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

use super::{have, memory, run};

pub struct Disk {
    home: TempDir,
}

impl Disk {
    /// A new one; none where that cannot be, and need not.
    pub fn of_mebibytes(size: u64) -> Option<Self> {
        if !have(true, &["mkfs.ext4", "mount", "umount"]) {
            return None;
        }
        let disk = Self { home: memory() };
        std::fs::File::create(disk.image()).unwrap().set_len(size << 20).unwrap();
        // Nothing is kept back for root, whom we are.
        run(
            "mkfs.ext4",
            &[
                "-q",
                "-F",
                "-m",
                "0",
                "-E",
                "lazy_itable_init=0,lazy_journal_init=0",
                disk.image().to_str().unwrap(),
            ],
        );
        std::fs::create_dir(disk.path()).unwrap();
        disk.mount("loop");
        Some(disk)
    }

    fn image(&self) -> PathBuf {
        self.home.path().join("image")
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.home.path().join("disk")
    }

    /// Something beside the disk, which outlives its faults.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn mount(&self, options: &str) {
        run(
            "mount",
            &["-t", "ext4", "-o", options, self.image().to_str().unwrap(), self.path().to_str().unwrap()],
        );
    }

    /// Taken out and put in again: what the system held in memory is gone.
    pub fn remount(&self, options: &str) {
        run("umount", &[self.path().to_str().unwrap()]);
        self.mount(options);
    }

    /// Lets the file system find a fault in itself, after which it takes no more writes. The plain way, a remount, is
    /// refused while a file is open to be written.
    pub fn break_down(&self) {
        let device = Command::new("findmnt").args(["-n", "-o", "SOURCE"]).arg(self.path()).output().unwrap();
        let device = String::from_utf8(device.stdout).unwrap();
        let name = device.trim().strip_prefix("/dev/").expect("no device");
        let trigger = Path::new("/sys/fs/ext4").join(name).join("trigger_fs_error");
        std::fs::write(&trigger, "a test").unwrap_or_else(|why| panic!("{}: {why}", trigger.display()));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that is just being killed may still hold it. The loop device goes with it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
