//! The form in which reports are printed, and where to.

use anyhow::{Context as _, bail};
use clap::Args;
use std::{fs, path::PathBuf};

use crate::cli::{Outcome, out};
use crate::domain::value::Invalid;
use crate::reports::{self, Content, Format};

/// In which form, and where to.
#[derive(Args)]
pub(super) struct Output {
    /// text, json, csv, html or xlsx.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = Form::parse)]
    format: Form,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write into this file instead of printing.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy)]
enum Form {
    Written(Format),
    Workbook,
}

impl Form {
    fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "xlsx" => Ok(Self::Workbook),
            _ => Format::parse(text)
                .map(Self::Written)
                .map_err(|why| Invalid::new(why.rule, "write text, json, csv, html or xlsx")),
        }
    }
}

impl Output {
    /// Whether programs are to read it.
    pub(super) const fn is_json(&self) -> bool {
        self.json || matches!(self.format, Form::Written(Format::Json))
    }

    /// Prints it, or writes the file.
    pub(super) fn write(&self, content: Content<'_>) -> anyhow::Result<Outcome> {
        let form = if self.json { Form::Written(Format::Json) } else { self.format };
        let bytes = match form {
            Form::Workbook => reports::workbook(content)?,
            Form::Written(format) => {
                let text = reports::print(content, format, out::width() as u16);
                if self.out.is_none() {
                    out::print(&text);
                    return Ok(Outcome::Done);
                }
                text.into_bytes()
            }
        };
        let Some(file) = &self.out else {
            bail!("--format xlsx: a workbook is no text; name a file with --out");
        };
        fs::write(file, bytes).with_context(|| format!("--out {}: cannot be written", file.display()))?;
        Ok(Outcome::Done)
    }
}
