//! `pledgebook token`: the tokens that callers of a server show. Works on the data directory; a running server notices
//! within a second.
//!
//! Invariant: a token is printed once, to stdout, when it is made, and nowhere else.

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::{
    Outcome,
    out::{self, Align},
    serve::DEFAULT_DATA,
};
use crate::auth::{Role, Roles, token::Book};

/// Make and revoke the tokens that callers show. From the first token on, the server lets in nobody without one.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook token create --source action-tracker --role poster
  pledgebook token create --name audit-2026 --role auditor --role reader
  pledgebook token list")]
pub(super) struct Token {
    #[command(subcommand)]
    what: What,
    /// The server's data directory.
    #[arg(long, global = true, value_name = "DIR", env = "PLEDGEBOOK_DATA", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Make a token; it is shown once.
    Create(Create),
    /// List the tokens that stand, without the tokens themselves.
    #[command(after_help = "Example:\n  pledgebook token list --json")]
    List,
    /// Take a token away.
    Revoke(Revoke),
}

#[derive(Args)]
#[command(after_help = "Example:\n  pledgebook token create --source survey-tool --role poster")]
struct Create {
    /// What operators call it [default: the source's name].
    #[arg(long)]
    name: Option<String>,
    /// The posting system that it belongs to.
    #[arg(long, required_unless_present = "name")]
    source: Option<String>,
    /// poster, auditor, reader or operator; may be repeated.
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    roles: Vec<Role>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  pledgebook token revoke survey-tool")]
struct Revoke {
    /// The token's name.
    name: String,
}

fn role(text: &str) -> Result<Role, &'static str> {
    Role::parse(text).ok_or("write poster, auditor, reader or operator")
}

impl Token {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let data = std::path::absolute(&self.data)
            .with_context(|| format!("--data {}: not a path", self.data.display()))?;
        // On a machine where no server has run yet, the first token may come before the server.
        if matches!(self.what, What::Create(_)) {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&data);
            made.with_context(|| format!("{}: cannot be made; give another with --data", data.display()))?;
        }
        if !data.is_dir() {
            bail!("{}: there is no data directory; give the one of the server with --data", data.display());
        }
        let path = data.join("tokens.json");
        match &self.what {
            What::Create(create) => created(&path, create, self.json),
            What::List => {
                out::print(&listed(&Book::load(&path)?.unwrap_or_default(), self.json));
                Ok(Outcome::Done)
            }
            What::Revoke(Revoke { name }) => {
                Book::change(&path, |book| {
                    let none = "`pledgebook token list` names them";
                    let there = book.revoke(name);
                    there
                        .then_some(())
                        .ok_or_else(|| anyhow!("{}: there is no token named {name}; {none}", path.display()))
                })?;
                out::print(&if self.json {
                    format!("{}\n", json!({ "revoked": name }))
                } else {
                    format!("Revoked {name}. A running server stops taking it within a second.\n")
                });
                Ok(Outcome::Done)
            }
        }
    }
}

fn created(path: &Path, create: &Create, json: bool) -> anyhow::Result<Outcome> {
    let name =
        create.name.as_deref().or(create.source.as_deref()).context("--name: give the token a name")?;
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let roles = Roles::of(&create.roles);
    let (first, secret) = Book::change(path, |book| {
        let first = !path.exists();
        let secret = book.issue(name, create.source.as_deref(), roles, &now);
        secret.map(|secret| (first, secret)).map_err(|why| anyhow!("--name {name}: {why}"))
    })?;
    let page = if json {
        let roles: Vec<_> = roles.iter().map(Role::as_str).collect();
        let object = json!({"name": name, "source": create.source, "roles": roles, "token": secret.reveal(),
            "file": path.display().to_string()});
        format!("{object}\n")
    } else {
        format!("{}\n", secret.reveal())
    };
    if let Err(error) = out::hand_over(&page) {
        // A token that nobody has seen is of use to nobody.
        Book::change(path, |book| anyhow::Ok(book.revoke(name)))?;
        bail!("stdout: {error}: nobody has seen the token {name}, so it was taken away again; make another");
    }
    if !json {
        let mut hint = format!(
            "Token {name} ({roles}). It is shown this once: keep it where only its holder reads. What the server \
             knows of it is in {}.",
            path.display()
        );
        if first {
            hint += " It is the first: from now on the server lets in nobody without a token.";
        }
        out::complain(out::paragraph("", &hint, out::width()).trim_end());
    }
    Ok(Outcome::Done)
}

fn listed(book: &Book, json: bool) -> String {
    if json {
        let line = |token: &crate::auth::token::Token| {
            let roles: Vec<_> = token.roles.iter().map(Role::as_str).collect();
            let source = token.source.as_ref().map(ToString::to_string);
            let object = json!({"name": token.name.as_str(), "source": source, "roles": roles,
                "created": token.created});
            format!("{object}\n")
        };
        return book.tokens().iter().map(line).collect();
    }
    if book.tokens().is_empty() {
        return "There is no token.\n".to_owned();
    }
    let columns =
        [("Name", Align::Left), ("Source", Align::Left), ("Made", Align::Left), ("Roles", Align::Left)];
    let row = |token: &crate::auth::token::Token| {
        let source = token.source.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        vec![token.name.to_string(), source, token.created.clone(), token.roles.to_string()]
    };
    out::table(&columns, &book.tokens().iter().map(row).collect::<Vec<_>>(), out::width())
}
