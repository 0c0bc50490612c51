//! `pledgebook grant`: what a posting system may post.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::json;
use std::collections::BTreeMap;

use super::{
    Outcome, block_on,
    client::{self, DEFAULT_SERVER, Server, Who},
    out,
};
use crate::grpc::wire::{Filter, GrantChanged, ReadRequest, SetGrantsRequest, SourceGrant, event::Payload};

/// Say what a posting system may post. A grant is itself an event: "was this source allowed to post this, then?" can
/// be answered for ever.
#[derive(Args)]
#[command(after_help = "Example:
  pledgebook grant set action-tracker --ledger acme \\
      --type 'action.*' --type evidence.attached \\
      --subject 'action/*' --subject 'evidence/*' --post programme-manager
  pledgebook grant list --ledger acme")]
pub(super) struct Grant {
    #[command(subcommand)]
    what: What,
    /// The ledger's name; required.
    #[arg(long, global = true, value_name = "NAME", env = "PLEDGEBOOK_LEDGER")]
    ledger: Option<String>,
    /// Where the server is.
    #[arg(long, global = true, value_name = "URL", env = "PLEDGEBOOK_SERVER", default_value = DEFAULT_SERVER)]
    server: String,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    /// An operator's token (an auditor's, to list).
    #[arg(long, global = true, value_name = "TOKEN", env = "PLEDGEBOOK_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Replace what a source may post.
    Set(Set),
    /// List what each source may post.
    #[command(after_help = "Example:\n  pledgebook grant list --ledger acme --json")]
    List,
}

#[derive(Args)]
#[command(after_help = "Example:
  pledgebook grant set survey-tool --ledger acme --type 'feedback.*' \\
      --subject 'round/*' --subject 'feedback/*'")]
struct Set {
    /// The posting system's name.
    source: String,
    /// An event type (`action.completed`), a family (`action.*`) or `*`; may be repeated. None: it may post nothing.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// A subject (`commitment/C14`), a kind (`action/*`) or `*`; may be repeated.
    #[arg(long = "subject", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// A post that it may speak for, or `*`; may be repeated.
    #[arg(long = "post", value_name = "POST")]
    posts: Vec<String>,
}

impl Grant {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        block_on(async {
            // An argument that is global cannot be required by its definition.
            let ledger = self.ledger.as_deref().filter(|name| !name.is_empty()).ok_or_else(|| {
                anyhow!("--ledger is missing: say which ledger; `pledgebook ledger list` names those of the server")
            })?;
            let ledger = client::ledger_name("--ledger", ledger)?;
            let who = Who { source: None, token: self.token.clone() };
            let server = Server::connect(&self.server, &who).await?;
            let page = match &self.what {
                What::Set(set) => changed(&server, ledger, set, self.json).await?,
                What::List => listed(&server, ledger, self.json).await?,
            };
            out::print(&page);
            Ok(Outcome::Done)
        })
    }
}

async fn changed(server: &Server, ledger: String, set: &Set, json: bool) -> anyhow::Result<String> {
    let grant =
        GrantChanged { types: set.types.clone(), subjects: set.subjects.clone(), posts: set.posts.clone() };
    let grants = vec![SourceGrant { source: set.source.clone(), grant: Some(grant) }];
    let answered = server.admin().set_grants(SetGrantsRequest { ledger, grants }).await;
    let receipts = answered.map_err(|status| client::failed(&status))?.into_inner().receipts;
    let sequence = receipts.first().map(|receipt| receipt.sequence).unwrap_or_default();
    Ok(if json {
        format!("{}\n", json!({"source": set.source, "sequence": sequence}))
    } else {
        format!("{} is held to this grant from record {sequence} on.\n", set.source)
    })
}

async fn listed(server: &Server, ledger: String, json: bool) -> anyhow::Result<String> {
    let example = client::is_example(server, &ledger).await;
    let filter = Filter { types: vec!["grant.changed".into()], ..Filter::default() };
    let request = ReadRequest { ledger, filter: Some(filter), ..ReadRequest::default() };
    let mut read =
        server.reader().read(request).await.map_err(|status| client::failed(&status))?.into_inner();
    // The last one of each source stands.
    let mut standing = BTreeMap::new();
    while let Some(answer) = read.message().await.map_err(|status| client::failed(&status))? {
        let Some(recorded) = answer.event else { continue };
        let Some(event) = recorded.event else { continue };
        if let (Some(source), Some(Payload::GrantChanged(grant))) =
            (event.subject.strip_prefix("source/"), event.payload)
        {
            standing.insert(source.to_owned(), (recorded.sequence, grant));
        }
    }
    if json {
        let line = |(source, (sequence, grant)): (&String, &(u64, GrantChanged))| {
            let object = json!({"source": source, "sequence": sequence, "types": grant.types,
                "subjects": grant.subjects, "posts": grant.posts, "example_data": example});
            format!("{object}\n")
        };
        return Ok(standing.iter().map(line).collect());
    }
    let mut page = if example == Some(true) { "EXAMPLE DATA\n".to_owned() } else { String::new() };
    if standing.is_empty() {
        return Ok(page + "No source has a grant on this ledger.\n");
    }
    for (source, (sequence, grant)) in &standing {
        page += &format!("{} (record {sequence})\n", out::strong(source));
        for (label, values) in
            [("types", &grant.types), ("subjects", &grant.subjects), ("posts", &grant.posts)]
        {
            let values = if values.is_empty() { "none".to_owned() } else { values.join(", ") };
            page += &out::paragraph(&format!("  {label:<9} "), &values, out::width());
        }
    }
    Ok(page)
}
