//! A small disk of its own: an ext4 in a file, mounted for as long as the value lives.

use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

use super::{have, memory, run};

pub struct Disk {
    /// Where the image lies: in a small file system of its own, if there is less of the disk than it says.
    thin: bool,
    home: TempDir,
}

impl Disk {
    /// A new one; none where that cannot be, and need not.
    pub fn of_mebibytes(size: u64) -> Option<Self> {
        Self::of(size, None)
    }

    /// One that says it has `size`, and has `really`: what is beyond fails when it is synced, as on a disk that dies.
    /// It has no journal, which would end the whole file system with the first such failure.
    pub fn thin(size: u64, really: u64) -> Option<Self> {
        Self::of(size, Some(really))
    }

    fn of(size: u64, really: Option<u64>) -> Option<Self> {
        if !have(true, &["mkfs.ext4", "mount", "umount"]) {
            return None;
        }
        let disk = Self { thin: really.is_some(), home: memory() };
        std::fs::create_dir(disk.store()).unwrap();
        if let Some(really) = really {
            let options = format!("size={really}m");
            run("mount", &["-t", "tmpfs", "-o", &options, "pledgebook-test", disk.store().to_str().unwrap()]);
        }
        std::fs::File::create(disk.image()).unwrap().set_len(size << 20).unwrap();
        // Nothing is kept back for root, whom we are.
        let features = if disk.thin { "^has_journal" } else { "has_journal" };
        let (plain, image) = (["-q", "-F", "-m", "0", "-b", "4096", "-O", features], disk.image());
        run("mkfs.ext4", &[&plain[..], &[image.to_str().unwrap()]].concat());
        std::fs::create_dir(disk.path()).unwrap();
        disk.mount("loop");
        Some(disk)
    }

    /// Where the image lies. What else lies there takes from a thin disk.
    pub fn store(&self) -> PathBuf {
        self.home.path().join("store")
    }

    fn image(&self) -> PathBuf {
        self.store().join("image")
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
        let (mounts, here) = (std::fs::read_to_string("/proc/self/mounts").unwrap(), self.path());
        let mount = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let device = mount.rev().find(|mount| Path::new(mount[1]) == here).expect("it is not mounted")[0];
        let name = device.strip_prefix("/dev/").expect("no device");
        let trigger = Path::new("/sys/fs/ext4").join(name).join("trigger_fs_error");
        std::fs::write(&trigger, "a test").unwrap_or_else(|why| panic!("{}: {why}", trigger.display()));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that is just being killed may still hold it. The loop device goes with it.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
        if self.thin {
            let _ = Command::new("umount").arg("-l").arg(self.store()).status();
        }
    }
}
