//! The commands about proofs and keys, run as people run them: what they write, what they say, how they end.

use std::{fs, path::PathBuf, process::Output};
use tempfile::TempDir;
use uuid::Uuid;

use crate::binary::{Program, bare};

const REASON: &str = "Nobody came to the workshop.";

/// A server in a process of its own with the ledger `acme`, and a desk to work at.
struct Desk {
    program: Program,
    home: TempDir,
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

impl Desk {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let program = Program::start(&home.path().join("data"));
        program.create().await;
        Self { program, home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs the command at the desk.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = bare(env!("CARGO_BIN_EXE_pledgebook"));
        command.current_dir(self.home.path()).args(arguments);
        command.env("PLEDGEBOOK_SERVER", format!("http://{}", self.program.address));
        command.env("PLEDGEBOOK_LEDGER", "acme").output().unwrap()
    }

    /// Runs it, and it must end so; gives what it wrote to stdout.
    fn ends(&self, status: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The key that signs now.
    fn vkey(&self) -> String {
        let shown = self.ends(0, &["key", "show"]);
        shown.lines().rfind(|line| line.contains('+')).unwrap().to_owned()
    }

    /// Posts some posts, asking for proofs; gives the ids.
    fn post(&self, prefix: &str, count: usize) -> Vec<String> {
        let ids: Vec<String> = (0..count).map(|_| Uuid::new_v4().to_string()).collect();
        let line = |(number, id): (usize, &String)| {
            serde_json::json!({"eventId": id, "subject": format!("post/{prefix}-{number}"),
                "occurred": {"day": {"year": 2025, "month": 4, "day": 1}},
                "postRegistered": {"title": "A post", "validFrom": {"year": 2020, "month": 1, "day": 1}}})
            .to_string()
        };
        let lines: Vec<String> = ids.iter().enumerate().map(line).collect();
        fs::write(self.path("events.ndjson"), lines.join("\n")).unwrap();
        self.ends(0, &["append", "events.ndjson", "--source", "governance", "--proofs", "proofs"]);
        ids
    }

    fn proof(&self, id: &str) -> String {
        format!("proofs/{id}.tlog-proof")
    }

    /// What `check` says of a proof, and how it ends.
    fn check(&self, proof: &str, key: &str) -> (i32, String) {
        let output = self.run(&["check", proof, "--key", key]);
        (output.status.code().unwrap(), said(&output).split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_file_posted_with_proofs_when_each_is_checked_then_it_says_what_is_recorded_and_by_whom() {
    let desk = Desk::new().await;
    let ids = desk.post("p", 3);
    let key = desk.vkey();
    let first = fs::read(desk.path(&desk.proof(&ids[0]))).unwrap();
    for (number, id) in ids.iter().enumerate() {
        let (status, page) = desk.check(&desk.proof(id), &key);
        assert_eq!(status, 0, "{page}");
        let sequence = format!("Record {} of the first", number + 1);
        let subject = format!("post/p-{number}");
        for part in
            ["HOLDS", "ledger.example/acme", "governance", "post.registered", "none", &sequence, &subject, id]
        {
            assert!(page.contains(part), "{part} is not on {page}");
        }
    }
    let all: Vec<String> = ids.iter().map(|id| desk.proof(id)).collect();
    let arguments = ["check", &all[0], &all[1], &all[2], "--key", &key, "--json"];
    let objects: Vec<serde_json::Value> =
        desk.ends(0, &arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 3);
    assert_eq!((&objects[2]["sequence"], &objects[2]["holds"]), (&3.into(), &true.into()));
    assert_eq!(
        (&objects[2]["type"], &objects[2]["event_id"]),
        (&"post.registered".into(), &(&*ids[2]).into())
    );
    // Posted again, each has the proof that it had.
    desk.ends(0, &["append", "events.ndjson", "--source", "governance", "--proofs", "again"]);
    let again = fs::read(desk.path(&format!("again/{}.tlog-proof", ids[0]))).unwrap();
    assert_eq!(again, first);
    let left = fs::read_dir(desk.path("again")).unwrap().count();
    assert_eq!(left, 3, "something else stands beside the proofs");
    assert!(desk.program.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_proof_that_is_not_what_it_was_when_it_is_checked_then_it_is_said_plainly_and_ends_with_1() {
    let desk = Desk::new().await;
    let ids = desk.post("p", 3);
    let (key, proof) = (desk.vkey(), desk.proof(&ids[1]));
    let whole = fs::read_to_string(desk.path(&proof)).unwrap();
    assert_eq!(desk.check(&proof, &key).0, 0);
    let other = "ledger.example/other+";
    let seed = [3; 32];
    let signer = |name: &str| {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        storage::note::Signer::new(name, key).unwrap().verifier().to_string()
    };
    let (status, page) = desk.check(&proof, &signer("ledger.example/acme"));
    assert!(
        status == 1 && page.contains("DOES NOT HOLD") && page.contains("not signed by the key"),
        "{page}"
    );
    let (status, page) = desk.check(&proof, &signer("ledger.example/other"));
    assert!(status == 1 && page.contains("another ledger, ledger.example/acme"), "{page}");
    assert!(page.contains(other.trim_end_matches('+')));

    // One character of each line in turn, and its end cut off.
    let lines: Vec<&str> = whole.lines().collect();
    assert!(lines.len() >= 8, "{whole}");
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let mut changed = line.to_string();
        let at = if line.starts_with('\u{2014}') { line.len() - 20 } else { line.len() / 2 };
        let with = if changed.as_bytes()[at] == b'7' { "8" } else { "7" };
        changed.replace_range(at..=at, with);
        let mut text = lines.clone();
        text[number] = &changed;
        fs::write(desk.path("changed.tlog-proof"), text.join("\n") + "\n").unwrap();
        let (status, page) = desk.check("changed.tlog-proof", &key);
        assert!(status == 1 && page.contains("DOES NOT HOLD"), "line {number}: {page}");
        assert!(!page.contains("HOLDS"), "{page}");
    }
    fs::write(desk.path("cut.tlog-proof"), &whole[..whole.len() - 30]).unwrap();
    let (status, page) = desk.check("cut.tlog-proof", &key);
    assert!(status == 1 && page.contains("no whole one"), "{page}");
    // One that does not hold does not hide those that do.
    let both = desk.run(&["check", "cut.tlog-proof", &proof, "--key", &key]);
    assert_eq!(both.status.code(), Some(1));
    assert!(said(&both).contains("HOLDS  proofs/"), "{}", said(&both));
    let (status, page) = desk.check("nowhere.tlog-proof", &key);
    assert!(status == 2 && page.contains("nowhere.tlog-proof: cannot be read"), "{page}");
    let (status, page) = desk.check(&proof, "not-a-key");
    assert!(status == 2 && page.contains("key show"), "{page}");
    assert!(desk.program.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_record_when_its_proof_is_written_from_server_or_files_then_it_is_the_posters_own() {
    let desk = Desk::new().await;
    let ids = desk.post("p", 3);
    let own = fs::read_to_string(desk.path(&desk.proof(&ids[1]))).unwrap();
    assert_eq!(desk.ends(0, &["prove", "2"]), own);
    let told = desk.ends(0, &["prove", "2", "--out", "two.tlog-proof", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["sequence"], &told["file"]), (&2.into(), &"two.tlog-proof".into()));
    assert_eq!(fs::read_to_string(desk.path("two.tlog-proof")).unwrap(), own);
    desk.ends(0, &["prove", "1", "2", "3", "--out", "several"]);
    assert_eq!(fs::read_to_string(desk.path("several/2.tlog-proof")).unwrap(), own);
    assert_eq!(fs::read_dir(desk.path("several")).unwrap().count(), 3);
    assert!(said(&desk.run(&["prove", "1", "2"])).contains("--out is missing"));
    let refused = desk.run(&["prove", "99"]);
    assert!(refused.status.code() == Some(2) && said(&refused).contains("BEYOND_HEAD"), "{}", said(&refused));

    // From the files, beside the server that runs on them.
    assert_eq!(desk.ends(0, &["prove", "2", "--data", "data"]), own);
    assert_eq!(desk.ends(0, &["prove", "2", "--data", "data/acme"]), own);
    let refused = desk.run(&["prove", "99", "--data", "data"]);
    assert!(
        refused.status.code() == Some(2) && said(&refused).contains("holds 4 records"),
        "{}",
        said(&refused)
    );
    // A record that nobody's receipt rests on has none there.
    fs::write(
        desk.path("plain.ndjson"),
        fs::read_to_string(desk.path("events.ndjson"))
            .unwrap()
            .replace("p-", "q-")
            .replace(&ids[0], &Uuid::new_v4().to_string())
            .lines()
            .next()
            .unwrap(),
    )
    .unwrap();
    desk.ends(0, &["append", "plain.ndjson", "--source", "governance"]);
    let refused = desk.run(&["prove", "4", "--data", "data"]);
    let page = said(&refused);
    assert!(
        refused.status.code() == Some(2) && page.contains("no kept checkpoint") && page.contains("prove 4"),
        "{page}"
    );
    let proof = desk.ends(0, &["prove", "4"]);
    assert_eq!(desk.ends(0, &["prove", "4", "--data", "data"]), proof, "now it is kept");
    assert!(desk.program.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_key_when_it_is_shown_and_rotated_then_old_and_new_proofs_are_checked_with_both_and_no_secret_is_seen()
 {
    let desk = Desk::new().await;
    let before = desk.proof(&desk.post("p", 1)[0]);
    let old = desk.vkey();
    let secret = fs::read_to_string(desk.path("data/acme/private/key")).unwrap();
    // Behind the name and the key's id; base64 may have a + of its own.
    let secret = secret.trim().splitn(5, '+').last().unwrap().to_owned();
    let held = desk.ends(0, &["key", "show", "--data", "data"]);
    assert_eq!(held.trim(), old);
    let object: serde_json::Value =
        serde_json::from_str(&desk.ends(0, &["key", "show", "--data", "data", "--json"])).unwrap();
    assert_eq!((&object["ledger"], &object["vkey"]), (&"ledgers/acme".into(), &(&*old).into()));

    let rotated = desk.ends(0, &["key", "rotate"]);
    let new = rotated.lines().next().unwrap().to_owned();
    assert!(new != old && new == desk.vkey() && rotated.contains("from record 2 on"), "{rotated}");
    let shown = desk.ends(0, &["key", "show", "--json"]);
    let keys: Vec<serde_json::Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((keys.len(), &keys[0]["vkey"], &keys[1]["vkey"]), (2, &(&*old).into(), &(&*new).into()));
    assert!(keys[0]["handover"].is_null());
    assert_eq!(keys[1]["handover"].as_str().unwrap().matches('\u{2014}').count(), 2);
    let after = desk.proof(&desk.post("q", 1)[0]);
    let (status, page) = desk.check(&after, &old);
    assert!(status == 1 && page.contains("rotated"), "{page}");
    for proof in [&before, &after] {
        desk.ends(0, &["check", proof, "--key", &old, "--key", &new]);
    }
    for page in [held, rotated, shown] {
        assert!(!page.contains(&secret), "the secret was shown");
    }

    let key = desk.path("data/acme/private/key");
    let mode = |mode| fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    let exposed = desk.run(&["key", "show", "--data", "data"]);
    assert!(exposed.status.code() == Some(2) && said(&exposed).contains("chmod 600"), "{}", said(&exposed));
    mode(0o600);
    assert!(desk.program.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_events_with_words_and_marks_when_their_proofs_are_checked_then_marks_are_told_and_words_are_not()
 {
    use crate::seed::{action, cancelled, completed, date, pledge};
    use pledgebook::grpc::wire::{
        AppendRequest, ReceiptKind, recorder_service_client::RecorderServiceClient,
    };
    let desk = Desk::new().await;
    let channel = crate::server::endpoint(desk.program.address).connect_lazy();
    let who = crate::server::Who::Source("governance");
    let mut recorder = RecorderServiceClient::with_interceptor(channel, who);
    let mut results = Vec::new();
    let due = date(2025, 6, 1);
    for events in
        [pledge(), vec![action("a", due), action("b", due)], vec![cancelled("a", REASON), completed("b")]]
    {
        let request = AppendRequest { receipt: ReceiptKind::Proof.into(), ..crate::seed::append(events) };
        results = recorder.append(request).await.unwrap().into_inner().results;
    }
    let key = desk.vkey();
    let marked = results[1].receipt.as_ref().unwrap();
    assert!(!marked.irregularities.is_empty(), "{marked:?}");
    fs::write(desk.path("b.tlog-proof"), &results[1].tlog_proof).unwrap();
    let (status, page) = desk.check("b.tlog-proof", &key);
    assert_eq!(status, 0, "{page}");
    assert!(page.contains(&marked.irregularities.join(", ")) && page.contains("action.completed"), "{page}");
    fs::write(desk.path("a.tlog-proof"), &results[0].tlog_proof).unwrap();
    let (status, page) = desk.check("a.tlog-proof", &key);
    assert_eq!(status, 0, "{page}");
    assert!(page.contains("action.cancelled") && !page.contains("workshop"), "{page}");
    let file = fs::read(desk.path("a.tlog-proof")).unwrap();
    let proof = storage::note::ProofFile::parse(&file).unwrap();
    let record = proof.extra.unwrap();
    assert!(!record.windows(11).any(|window| window == &REASON.as_bytes()[..11]), "words stand in the proof");
    assert!(desk.program.terminate().success());
}
