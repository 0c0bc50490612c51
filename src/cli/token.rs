//! `pledgebook token`: the tokens that callers of a server show. Works on the data directory; a running server notices
//! within a second.
//!
//! Invariant: a token is printed once, to stdout, when it is made, and nowhere else.

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use std::{
    io::IsTerminal as _,
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
        if !self.data.is_dir() {
            bail!(
                "{}: there is no data directory; give the one of the server with --data",
                self.data.display()
            );
        }
        let path = self.data.join("tokens.json");
        let book = Book::load(&path)?;
        match &self.what {
            What::Create(create) => created(book, &path, create, self.json),
            What::List => {
                out::print(&listed(&book.unwrap_or_default(), self.json));
                Ok(Outcome::Done)
            }
            What::Revoke(Revoke { name }) => {
                let mut book = book.unwrap_or_default();
                if !book.revoke(name) {
                    bail!(
                        "{}: there is no token named {name}; `pledgebook token list` names them",
                        path.display()
                    );
                }
                book.save(&path)?;
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

fn created(book: Option<Book>, path: &Path, create: &Create, json: bool) -> anyhow::Result<Outcome> {
    let first = book.is_none();
    let mut book = book.unwrap_or_default();
    let name =
        create.name.as_deref().or(create.source.as_deref()).context("--name: give the token a name")?;
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let roles = Roles::of(&create.roles);
    let secret = book
        .issue(name, create.source.as_deref(), roles, &now)
        .map_err(|why| anyhow!("--name {name}: {why}"))?;
    book.save(path)?;
    if json {
        let roles: Vec<_> = roles.iter().map(Role::as_str).collect();
        let object = json!({"name": name, "source": create.source, "roles": roles, "token": secret.reveal()});
        out::print(&format!("{object}\n"));
        return Ok(Outcome::Done);
    }
    out::print(&format!("{}\n", secret.reveal()));
    if std::io::stderr().is_terminal() || first {
        let mut hint =
            format!("Token {name} ({roles}). It is shown this once: keep it where only its holder reads.");
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
