//! Exports: the same files from a server and from its data directory; and what is never in them.

use pledgebook::grpc::wire::{
    Access, GetCheckpointRequest, ListKeysRequest, RotateKeyRequest, VerifyRequest,
    audit_service_client::AuditServiceClient, verify_response::Step,
};
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use crate::erase::{OTHERS, WORDS, erased, files, holding, requested, told};
use crate::seed::posts;
use crate::server::{LEDGER, Server, endpoint};

pub fn pledgebook(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pledgebook")).args(arguments).output().unwrap()
}

/// Waits until a signed checkpoint covers that many records.
pub async fn signed(server: &Server, size: u64) {
    let mut audit = AuditServiceClient::new(endpoint(server.address).connect_lazy());
    let request = GetCheckpointRequest { ledger: LEDGER.into(), size: 0 };
    let until = Instant::now() + Duration::from_secs(60);
    while audit.get_checkpoint(request.clone()).await.unwrap().into_inner().size < size {
        assert!(Instant::now() < until, "nothing was signed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Every file of a folder, with its bytes.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    files(folder).into_iter().map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
}

async fn asked(server: &Server, to: &Path) -> Output {
    let (url, to) = (format!("http://{}", server.address), to.to_str().unwrap().to_owned());
    let export = move || pledgebook(&["export", "--json", "--server", &url, "--ledger", "acme", &to]);
    tokio::task::spawn_blocking(export).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_ledger_when_it_is_exported_from_its_server_and_from_its_files_then_both_are_the_same() {
    let server = told(Access::Open).await;
    server.append("governance", vec![requested(9), erased()]).await.unwrap();
    // More than one entry bundle, and more than one level.
    for batch in 0..3 {
        server.append("governance", posts(&format!("p{batch}"), 100)).await.unwrap();
    }
    signed(&server, 314).await;
    let out = tempfile::tempdir().unwrap();
    let [one, two, three] = ["one", "two", "three"].map(|name| out.path().join(name));
    let told = asked(&server, &one).await;
    assert!(told.status.success(), "{told:?}");
    let said: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((said["size"].as_u64(), said["origin"].as_str()), (Some(314), Some("ledger.example/acme")));
    let data = server.path().to_str().unwrap();
    // While the server runs, and when it has ended.
    let told = pledgebook(&["export", data, two.to_str().unwrap(), "--json"]);
    assert!(told.status.success(), "{told:?}");
    let said: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(said["left_out"].as_u64(), Some(0), "{said}");
    let (data, _) = server.stop().await;
    let told = pledgebook(&["export", data.path().to_str().unwrap(), three.to_str().unwrap()]);
    assert!(told.status.success(), "{told:?}");
    let found = content(&one);
    let names: Vec<_> =
        found.keys().map(String::as_str).filter(|name| !name.contains("checkpoints/")).collect();
    let wanted = [
        "README.txt",
        "auditors/tile/entries/000",
        "auditors/tile/entries/001.p/58",
        "auditors/words/0.ndjson",
        "keys",
        "public/checkpoint",
        "public/tile/0/000",
        "public/tile/0/001.p/58",
        "public/tile/1/000.p/1",
    ];
    assert_eq!(names, wanted);
    assert!(found == content(&two));
    // A server that ends keeps a checkpoint of everything.
    let mut ended = content(&three);
    assert_eq!(ended.remove("auditors/checkpoints/314"), Some(ended["public/checkpoint"].clone()));
    assert!(found == ended);
    let words = String::from_utf8(found["auditors/words/0.ndjson"].clone()).unwrap();
    assert!(words.contains(OTHERS) && words.contains("\"state\":\"erased\"}"), "{words}");
    assert_eq!(holding(out.path(), WORDS), [] as [std::path::PathBuf; 0]);
    assert!(!out.path().join("one.partial").exists() && !out.path().join("two.partial").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_folder_that_is_there_or_a_ledger_that_is_not_when_it_is_exported_then_nothing_is_made() {
    let server = told(Access::Open).await;
    signed(&server, 12).await;
    let out = tempfile::tempdir().unwrap();
    let there = out.path().join("there");
    std::fs::create_dir(&there).unwrap();
    let told = asked(&server, &there).await;
    assert_eq!(told.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&told.stderr).contains("it exists"), "{told:?}");
    let (url, to) = (format!("http://{}", server.address), out.path().join("x"));
    let arguments =
        ["export", "--server", &url, "--ledger", "another", to.to_str().unwrap()].map(str::to_owned);
    let run = move || pledgebook(&arguments.each_ref().map(String::as_str));
    let told = tokio::task::spawn_blocking(run).await.unwrap();
    assert_eq!(told.status.code(), Some(2), "{told:?}");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_ledger_when_its_server_verifies_it_then_it_says_what_the_command_prints() {
    let server = told(Access::Open).await;
    server.append("governance", vec![requested(9), erased()]).await.unwrap();
    let mut audit = AuditServiceClient::new(endpoint(server.address).connect_lazy());
    let request = VerifyRequest { ledger: LEDGER.into() };
    let mut stream = audit.verify(request).await.unwrap().into_inner();
    let (mut report, mut steps) = (None, 0);
    while let Some(said) = stream.message().await.unwrap() {
        assert!(report.is_none(), "it is the last");
        match said.step.unwrap() {
            Step::Progress(progress) => assert!(progress.bytes <= progress.total_bytes),
            Step::ReportJson(json) => report = Some(json),
        }
        steps += 1;
    }
    assert!(steps > 0);
    let printed = pledgebook(&["verify", "--json", server.path().join("acme").to_str().unwrap()]);
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(report.unwrap(), String::from_utf8(printed.stdout).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_export_when_it_is_verified_with_its_key_then_the_command_says_so_and_without_one_it_does_not_look()
 {
    let server = told(Access::Open).await;
    signed(&server, 12).await;
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("export");
    assert!(asked(&server, &to).await.status.success());
    let mut audit = AuditServiceClient::new(endpoint(server.address).connect_lazy());
    let request = ListKeysRequest { ledger: LEDGER.into() };
    let key = audit.list_keys(request).await.unwrap().into_inner().keys.remove(0).vkey;
    let path = to.to_str().unwrap();
    let told = pledgebook(&["verify", path, "--key", &key, "--json"]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let said: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((said["ledger"].as_str(), said["size"].as_u64()), (Some(LEDGER), Some(12)), "{said}");
    assert_eq!(said["verdicts"]["integrity"], "holds");
    let told = pledgebook(&["verify", path]);
    assert_eq!(told.status.code(), Some(2), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stderr).contains("--key"), "{told:?}");
    std::fs::remove_file(to.join("public/tile/0/000.p/12")).unwrap();
    let told = pledgebook(&["verify", path, "--key", &key]);
    assert_eq!(told.status.code(), Some(1), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stdout).contains("tile.missing"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_servers_pages_when_they_are_verified_by_address_then_records_and_keys_are_followed_to_what_was_kept()
 {
    let server = Server::start().await;
    let mut audit = AuditServiceClient::new(endpoint(server.address).connect_lazy());
    server.append("governance", posts("p", 300)).await.unwrap();
    signed(&server, 301).await;
    let keys = audit.list_keys(ListKeysRequest { ledger: LEDGER.into() }).await.unwrap().into_inner().keys;
    server.admin().rotate_key(RotateKeyRequest { ledger: LEDGER.into() }).await.unwrap();
    server.append("governance", posts("q", 5)).await.unwrap();
    signed(&server, 307).await;
    let newest = GetCheckpointRequest { ledger: LEDGER.into(), size: 0 };
    let held = audit.get_checkpoint(newest).await.unwrap().into_inner().checkpoint;
    let place = tempfile::tempdir().unwrap();
    let [own, other] = ["held.txt", "other.txt"].map(|name| place.path().join(name));
    std::fs::write(&own, &held).unwrap();
    let url = format!("http://{}/ledgers/acme", server.address);
    let key = keys[0].vkey.clone();
    let ask = |held: &Path| {
        let arguments = ["verify", &url, "--key", &key, "--checkpoint", held.to_str().unwrap(), "--json"];
        let arguments = arguments.map(str::to_owned);
        tokio::task::spawn_blocking(move || pledgebook(&arguments.each_ref().map(String::as_str)))
    };
    let told = ask(&own).await.unwrap();
    let said: serde_json::Value = serde_json::from_slice(&told.stdout).expect("no JSON came");
    assert!(told.status.success(), "{said}");
    assert_eq!((said["size"].as_u64(), &said["findings"]), (Some(307), &serde_json::json!([])), "{said}");
    for verdict in ["integrity", "freshness"] {
        assert_eq!(said["verdicts"][verdict], "holds", "{said}");
    }
    // Words are on no page.
    assert_eq!(said["verdicts"]["erasure"], "not_established", "{said}");
    assert_eq!((&said["signatures"]["keys"], &said["checkpoints"][0]["same"]), (&2.into(), &true.into()));
    // What nobody signed shows nothing, and is told.
    std::fs::write(&other, held.replacen("\n307\n", "\n306\n", 1)).unwrap();
    let told = ask(&other).await.unwrap();
    let said: serde_json::Value = serde_json::from_slice(&told.stdout).expect("no JSON came");
    assert_eq!((told.status.code(), &said["verdicts"]["freshness"]), (Some(0), &"not_established".into()));
    assert!(said["checkpoints"][0]["untrusted"].is_string(), "{said}");
    server.stop().await;
}
