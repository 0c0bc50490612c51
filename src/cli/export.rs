//! `pledgebook export`: a ledger as plain files, from a data directory or from a server.
//!
//! Invariant: what is there under its name is whole: files are written beside it, synced, and renamed at the end. A
//! server's word is not taken for where a file goes: every path is one that an export has. It must not know what stands
//! in the files.

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{
    fs::{self, File},
    io::Write as _,
    ops::ControlFlow,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};
use storage::note::{SignedCheckpoint, Verifier};

use super::{
    Outcome, block_on,
    client::{self, Server, Who},
    offline::Opened,
    out,
};
use crate::export::{self, layout::Place};
use crate::grpc::wire;

/// Write a ledger up to its newest signed checkpoint as plain files: records, words, checkpoints, hash tiles. Whoever
/// has them verifies them without the ledger; the folder `public` alone may be published.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook export ./pledgebook-data ./export --ledger improvement-service
  pledgebook export --server http://127.0.0.1:8420 \\
      --ledger improvement-service ./export
  pledgebook verify ./export --key \"$(cat ledger.vkey)\"

From a data directory nothing is changed, and a server may be running. From a
server it takes the token of an auditor, in PLEDGEBOOK_TOKEN.")]
pub(super) struct Export {
    /// The data directory (unless --server is given), and the folder to be made.
    #[arg(required = true, num_args = 1..=2, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Which ledger, where there are several.
    #[arg(long, value_name = "NAME")]
    ledger: Option<String>,
    /// Ask a server for it.
    #[arg(long, value_name = "URL", requires = "ledger")]
    server: Option<String>,
    /// The key that signs, if it stands neither in the data directory nor in a record.
    #[arg(long, value_name = "VKEY", value_parser = vkey, conflicts_with = "server")]
    key: Option<Verifier>,
    #[command(flatten)]
    who: Who,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

fn vkey(text: &str) -> Result<Verifier, String> {
    Verifier::parse(text.trim()).map_err(|why| format!("{why}; give the ledger's vkey: name+id+base64"))
}

/// What was written.
struct Written {
    ledger: String,
    checkpoint: SignedCheckpoint,
    files: u64,
    bytes: u64,
    /// Records behind the checkpoint, as far as that is known.
    left_out: Option<u64>,
}

impl Export {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let written = match (&self.server, self.paths.as_slice()) {
            (None, [data, to]) => self.offline(data, to)?,
            (Some(server), [to]) => block_on(self.asked(server, to))?,
            (None, _) => bail!("give a data directory and the folder to be made, or a server with --server"),
            (Some(_), _) => bail!("--server: the ledger is read there; give only the folder to be made"),
        };
        let to = self.paths.last().map(|path| path.display().to_string()).unwrap_or_default();
        out::print(&if self.json { written.json(&to) } else { written.text(&to) });
        Ok(Outcome::Done)
    }

    fn offline(&self, data: &Path, to: &Path) -> anyhow::Result<Written> {
        let mut folder = Folder::begin(to, !self.json)?;
        let (_, at) = super::offline::one(data, self.ledger.as_deref())?;
        // Before the log is opened: it is then never of more records than are there.
        let published = published(&at)?;
        let ledger = Opened::open(data, self.ledger.as_deref())?;
        let kept = ledger.kept.newest()?.map(|kept| SignedCheckpoint::parse(&kept.note)).transpose()?;
        let newest = published.into_iter().chain(kept).max_by_key(|signed| signed.checkpoint.size);
        let Some(checkpoint) = newest else {
            bail!(
                "{}: there is no signed checkpoint to export up to; run `pledgebook serve` on it",
                at.display()
            );
        };
        let key = match &self.key {
            Some(key) => Some(key.clone()),
            // Whoever may not read the key can still export what names it.
            None => crate::notary::public_key(&at).unwrap_or(None),
        };
        let export = export::Export::new(ledger.reader, ledger.kept, checkpoint.clone(), key)
            .with_context(|| at.display().to_string())?;
        folder.expect(export.files());
        let mut failed = None;
        let written = export.write(&mut |path, bytes| match folder.put(path, bytes) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        failed.map_or(Ok(()), Err)?;
        written.with_context(|| at.display().to_string())?;
        let left_out = Some(export.left_out());
        let (files, bytes) = folder.finish()?;
        Ok(Written { ledger: ledger.name.to_string(), checkpoint, files, bytes, left_out })
    }

    async fn asked(&self, server: &str, to: &Path) -> anyhow::Result<Written> {
        let ledger = client::ledger_name("--ledger", self.ledger.as_deref().unwrap_or_default())?;
        let mut folder = Folder::begin(to, !self.json)?;
        let server = Server::connect(server, &self.who).await?;
        let request = wire::ExportRequest { ledger: ledger.clone() };
        let failed = |status: tonic::Status| client::failed(&status);
        let mut stream = server.audit().export(request).await.map_err(failed)?.into_inner();
        let mut checkpoint = Vec::new();
        let mut promised = 0;
        while let Some(piece) = stream.message().await.map_err(failed)? {
            promised = piece.files;
            folder.expect(piece.files);
            folder.put(&piece.path, &piece.content)?;
            if piece.path == export::layout::CHECKPOINT {
                checkpoint.extend_from_slice(&piece.content);
            }
        }
        let checkpoint = SignedCheckpoint::parse(&checkpoint)
            .context("what the server sent has no signed checkpoint; ask it again, and then its operator")?;
        if folder.files != promised {
            bail!("the server sent {} of {promised} files; ask it again", folder.files);
        }
        let (files, bytes) = folder.finish()?;
        Ok(Written { ledger, checkpoint, files, bytes, left_out: None })
    }
}

/// The published checkpoint of the ledger in that directory; none if nothing was published.
fn published(directory: &Path) -> anyhow::Result<Option<SignedCheckpoint>> {
    let path = directory.join(export::layout::CHECKPOINT);
    match fs::read(&path) {
        Ok(bytes) => {
            let signed = SignedCheckpoint::parse(&bytes);
            Ok(Some(signed.with_context(|| format!("{}: not a signed checkpoint", path.display()))?))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{}: cannot be read", path.display())),
    }
}

impl Written {
    fn json(&self, to: &str) -> String {
        let checkpoint = &self.checkpoint.checkpoint;
        let object = json!({
            "ledger": self.ledger,
            "path": to,
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.to_string(),
            "files": self.files,
            "bytes": self.bytes,
            "left_out": self.left_out,
        });
        format!("{object}\n")
    }

    fn text(&self, to: &str) -> String {
        let checkpoint = &self.checkpoint.checkpoint;
        let size = out::count(checkpoint.size, "record", "records");
        let mut page = format!("{}  {} to {to}\n", out::strong("EXPORTED"), self.ledger);
        page += &format!("  Origin     {}\n", checkpoint.origin);
        page += &format!("  Size       {size}, the newest signed checkpoint\n");
        page += &format!("  Root       {}\n", checkpoint.root);
        let files = out::count(self.files, "file", "files");
        page += &format!("  Written    {files}, {:.1} MB\n", self.bytes as f64 / 1e6);
        if let Some(left_out @ 1..) = self.left_out {
            let text = format!(
                "{} behind that checkpoint not in it: nobody has signed them yet.",
                out::count(left_out, "record is", "records are")
            );
            page += &out::paragraph("  ", &text, out::width());
        }
        page += "\nNext\n";
        let next =
            format!("pledgebook verify {to} --key VKEY  (the key that you hold, not the one in there)");
        page += &out::paragraph("  ", &next, out::width());
        page
    }
}

/// The folder that is being written: under another name until it is whole.
struct Folder {
    to: PathBuf,
    partial: PathBuf,
    open: Option<(String, File)>,
    files: u64,
    bytes: u64,
    bar: ProgressBar,
}

impl Folder {
    fn begin(to: &Path, bar: bool) -> anyhow::Result<Self> {
        let shown = to.display();
        if to.symlink_metadata().is_ok() {
            bail!("{shown}: it exists; give a folder that does not");
        }
        let Some(name) = to.file_name() else { bail!("{shown}: not the name of a folder") };
        let mut partial = name.to_owned();
        partial.push(".partial");
        let partial = to.with_file_name(partial);
        fs::create_dir(&partial).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => anyhow!(
                "{}: left behind by an export that was broken off, or being written by another; remove it if no \
                 export is running",
                partial.display()
            ),
            _ => anyhow!("{}: {error}", partial.display()),
        })?;
        let bar = if bar && out::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} files") {
            bar.set_style(style);
        }
        Ok(Self { to: to.to_owned(), partial, open: None, files: 0, bytes: 0, bar })
    }

    fn expect(&self, files: u64) {
        self.bar.set_length(files);
    }

    /// The next bytes of a file; the first of it make it.
    fn put(&mut self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let write = |file: &mut File| {
            file.write_all(bytes)
                .with_context(|| format!("{}: {path} cannot be written", self.partial.display()))
        };
        self.bytes += bytes.len() as u64;
        if let Some((_, file)) = self.open.as_mut().filter(|(open, _)| open == path) {
            return write(file);
        }
        if Place::of(path).is_none() {
            bail!("the server sent a file that no export has; do not use what it sent");
        }
        let at = self.partial.join(path);
        let folder = at.parent().unwrap_or(&self.partial);
        let made = self.folders(folder).and_then(|()| File::create_new(&at));
        let mut file = made.with_context(|| format!("{}: cannot be made", at.display()))?;
        write(&mut file)?;
        self.open = Some((path.to_owned(), file));
        self.files += 1;
        self.bar.inc(1);
        Ok(())
    }

    /// What auditors alone may have is closed to other users of this machine.
    fn folders(&self, folder: &Path) -> std::io::Result<()> {
        let closed = self.partial.join(export::layout::AUDITORS);
        if folder.starts_with(&closed) && !closed.exists() {
            fs::DirBuilder::new().mode(0o700).create(&closed)?;
        }
        fs::create_dir_all(folder)
    }

    /// Everything is there: it gets its name.
    fn finish(mut self) -> anyhow::Result<(u64, u64)> {
        self.open = None;
        let shown = self.partial.display().to_string();
        let synced = File::open(&self.partial).and_then(|it| Ok(rustix::fs::syncfs(&it)?));
        synced.with_context(|| format!("{shown}: cannot be written to the disk"))?;
        if self.to.symlink_metadata().is_ok() {
            bail!("{}: somebody made it meanwhile; give another folder", self.to.display());
        }
        fs::rename(&self.partial, &self.to).with_context(|| format!("{shown}: cannot be renamed"))?;
        let above = self.to.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(above).and_then(|it| it.sync_all()).with_context(|| above.display().to_string())?;
        self.bar.finish_and_clear();
        Ok((self.files, self.bytes))
    }
}

/// An export that failed leaves nothing behind that looks like one.
impl Drop for Folder {
    fn drop(&mut self) {
        // After the rename there is nothing of that name.
        let _ = fs::remove_dir_all(&self.partial);
    }
}
