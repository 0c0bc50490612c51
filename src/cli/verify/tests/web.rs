//! The same over HTTP, from a server that lies.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::cli::verify::source::Token;

/// An answer: status, more of a head, body.
type Answer = (u16, String, Vec<u8>);

/// A server of files, as `answer` tells them: asked with the path, and whether a token came with it. It ends with the
/// process.
pub(super) fn serve(answer: impl Fn(&str, bool) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || talk(&stream, &*answer));
        }
    });
    format!("http://{address}/log")
}

fn talk(mut stream: &TcpStream, answer: &(dyn Fn(&str, bool) -> Answer + Sync)) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(first) = lines.next() {
        let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let token = head.iter().any(|line| line.eq_ignore_ascii_case("authorization: Bearer pbk_auditor"));
        let path = first.split(' ').nth(1).unwrap();
        let (status, more, body) = answer(path.strip_prefix("/log/").unwrap(), token);
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{more}\r\n", body.len());
        // Whoever has enough hangs up.
        if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
            break;
        }
    }
}

/// Where a published path stands in an export.
fn file(folder: &Path, path: &str) -> PathBuf {
    let part = if path.starts_with("tile/entries/") { "auditors" } else { "public" };
    folder.join(part).join(path)
}

pub(super) fn honestly(folder: &Path, path: &str, token: bool) -> Answer {
    if path.starts_with("tile/entries/") && !token {
        return (401, String::new(), Vec::new());
    }
    fs::read(file(folder, path)).map_or((404, String::new(), Vec::new()), |bytes| (200, String::new(), bytes))
}

fn ask(url: &str, token: Option<&str>, kept: &[Kept]) -> anyhow::Result<Verified> {
    let token = token.map(given_beside);
    let given = Given { kept: kept.to_vec(), ..pinning(&key(), &[]) };
    verify(&Source::of(url, token.as_ref())?.unwrap(), &key(), given, false)
}

#[test]
fn given_a_published_log_when_it_is_verified_with_a_token_then_all_but_words_is_as_in_the_export() {
    let backend = long();
    let folder = Exported::of(&backend);
    let path = folder.folder.path().to_owned();
    let url = serve(move |name, token| honestly(&path, name, token));
    let verified = ask(&url, Some("pbk_auditor"), &[head(&backend)]).unwrap();
    // Words are published nowhere.
    assert_eq!(verdicts(&verified), [Holds, Holds, Holds, Holds, NotEstablished], "{}", verified.json());
    assert_eq!((verified.report.records, verified.name.as_str()), (611, "ledgers/test"));
    let verified = ask(&url, None, &[head(&backend)]).unwrap();
    assert_eq!(verdicts(&verified), [NotEstablished; 5]);
    assert_eq!(verified.audited.kept[0].1, Some(true));
    let why = ask(&url, Some("pbk_other"), &[]).err().unwrap().to_string();
    assert!(why.contains("the token opens no entries") && !why.contains("pbk_other"), "{why}");
}

#[test]
fn given_a_server_that_leaves_out_or_exchanges_a_tile_when_it_is_verified_then_it_is_named() {
    let backend = long();
    let folder = Exported::of(&backend);
    for (name, rule) in [("tile/0/001", "tile.missing"), ("tile/entries/001", "entry.missing")] {
        let path = folder.folder.path().to_owned();
        let url = serve(move |asked, token| {
            if asked == name { (404, String::new(), Vec::new()) } else { honestly(&path, asked, token) }
        });
        let verified = ask(&url, Some("pbk_auditor"), &[]).unwrap();
        assert_eq!(verdicts(&verified)[0], Broken);
        assert_eq!(found(&verified), [(rule, name.to_owned(), None)]);
    }
    let path = folder.folder.path().to_owned();
    let url = serve(move |asked, token| {
        honestly(&path, if asked == "tile/0/000" { "tile/0/001" } else { asked }, token)
    });
    let verified = ask(&url, None, &[]).unwrap();
    assert_eq!((verdicts(&verified)[0], rules(&verified).contains(&"checkpoint.root")), (Broken, true));
}

#[test]
fn given_a_server_that_shows_each_caller_another_history_when_a_root_was_kept_then_it_is_caught() {
    let backend = honest();
    let other = rewritten(&backend, |sequence, record| {
        if sequence == SPARE {
            record.say(|event| event.actor_post = Some(said::code("head")));
        }
        true
    });
    let (one, two) = (Exported::of(&backend), Exported::of(&other));
    let shown = Arc::new(Mutex::new(one.folder.path().to_owned()));
    let showing = shown.clone();
    let url = serve(move |name, token| honestly(&showing.lock().unwrap().clone(), name, token));
    let first = ask(&url, None, &[]).unwrap();
    two.folder.path().clone_into(&mut shown.lock().unwrap());
    let kept = Kept { size: first.report.records, root: first.report.root };
    let second = ask(&url, None, &[kept]).unwrap();
    assert_eq!((verdicts(&second)[3], rules(&second)), (Broken, vec!["freshness.kept"]));
}

#[test]
fn given_a_server_that_changes_its_answer_between_two_looks_when_a_root_is_asked_then_it_is_not_believed() {
    let backend = long();
    let folder = Exported::of(&backend);
    let (path, asked) = (folder.folder.path().to_owned(), AtomicUsize::new(0));
    let url = serve(move |name, token| {
        let (status, more, mut body) = honestly(&path, name, token);
        if name == "tile/0/001" && asked.fetch_add(1, Ordering::SeqCst) > 0 {
            body[0] ^= 1;
        }
        (status, more, body)
    });
    // That size ends within the tile, which is looked at once more for its root.
    let verified = ask(&url, None, &[root(&backend, 300)]).unwrap();
    assert_eq!((verdicts(&verified)[3], verified.audited.kept[0].1), (Broken, Some(false)));
}

#[test]
fn given_a_server_that_fails_or_sends_elsewhere_or_without_end_when_it_is_asked_then_nothing_is_concluded() {
    let folder = Exported::of(&honest());
    for status in [500, 503, 302] {
        let path = folder.folder.path().to_owned();
        let url = serve(move |name, token| {
            let to = "location: http://127.0.0.1:1/\r\n".to_owned();
            if name == "checkpoint" { honestly(&path, name, token) } else { (status, to, Vec::new()) }
        });
        let why = ask(&url, None, &[]).err().unwrap();
        assert!(format!("{why:#}").contains(&format!("status {status}")), "{why:#}");
    }
    let path = folder.folder.path().to_owned();
    let url = serve(move |name, token| {
        let (status, more, mut body) = honestly(&path, name, token);
        body.resize(64 << 20, 0);
        (if name == "checkpoint" { status } else { 200 }, more, body)
    });
    let verified = ask(&url, None, &[]).unwrap();
    assert_eq!(rules(&verified), ["published.form"]);
}

/// A token that was given together with the address.
pub(super) fn given_beside(secret: &str) -> Token {
    Token { secret: secret.to_owned(), host: None, ambient: false }
}

/// Why it is not sent there; nothing if it is.
fn kept_back(url: &str, token: &Token) -> Option<String> {
    let why = Source::of(url, Some(token)).err()?.to_string();
    assert!(!why.contains("secret"), "{why}");
    Some(why)
}

#[test]
fn given_a_token_when_it_would_go_over_the_network_in_clear_then_it_does_not() {
    let token = given_beside("pbk_secret");
    assert!(kept_back("http://192.0.2.1/log", &token).unwrap().contains("in clear"));
    assert_eq!(kept_back("https://192.0.2.1/log", &token), None);
    assert!(Source::of("http://192.0.2.1/log", None).is_ok());
}

#[test]
fn given_a_token_for_one_host_when_another_is_asked_then_it_is_not_sent_there() {
    let ambient = |host: Option<&str>| Token {
        secret: "pbk_secret".into(),
        host: host.map(str::to_owned),
        ambient: true,
    };
    let url = "https://ledger.example/log";
    assert!(kept_back(url, &ambient(None)).unwrap().contains("PLEDGEBOOK_TOKEN_HOST"));
    for host in ["ledger.example", "Ledger.Example"] {
        assert_eq!(kept_back(url, &ambient(Some(host))), None);
    }
    assert_eq!(kept_back("https://ledger.example:8443/log", &ambient(Some("ledger.example:8443"))), None);
    for other in [
        "https://ledger.example.evil.example/log",
        "https://evil.example/ledger.example",
        "https://ledger.example@evil.example/log",
        "https://evil.example/log?ledger.example",
    ] {
        for token in
            [ambient(Some("ledger.example")), Token { ambient: false, ..ambient(Some("ledger.example")) }]
        {
            assert!(kept_back(other, &token).unwrap().contains("sent to nobody else"), "{other}");
        }
    }
    // On this machine there is nobody else; and a port that was named is that port.
    assert_eq!(kept_back("http://127.0.0.1:8420/ledgers/acme", &ambient(None)), None);
    assert!(kept_back("http://127.0.0.1:8420/ledgers/acme", &ambient(Some("ledger.example"))).is_some());
    assert!(kept_back("https://ledger.example/log", &ambient(Some("ledger.example:8443"))).is_some());
}
