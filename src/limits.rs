//! Every limit of the service, each with its reason. Limits of the log engine stand in `storage::limits`; those of
//! single values (labels, words, identifiers) at their types in `domain`.
//!
//! Invariant: whatever a caller can make longer, deeper or more is compared with something here before it is kept.

use std::time::Duration;

/// Largest message that is decoded, in bytes: [`MAX_APPEND`] and room for the rest of the request. A larger one is
/// refused when its length is announced, before it is read.
pub const MAX_MESSAGE_IN: usize = 1 << 20;

/// Largest message to health and reflection, in bytes: anybody may call them, and they take the name of a service or
/// of a symbol.
pub const MAX_OPEN_MESSAGE_IN: usize = 4 << 10;

/// Largest message that is sent, in bytes: a long report.
pub const MAX_MESSAGE_OUT: usize = 32 << 20;

/// Largest history in one answer, in bytes: what gRPC clients take unless they are told to take more.
pub const MAX_ANSWER: usize = (4 << 20) - (4 << 10);

/// Most bytes of events in one request, encoded: with its records, words and keys it fits one group of the log, and
/// one message of a cluster's stream.
pub const MAX_APPEND: usize = 768 << 10;

/// Most events in one request: it is judged in one go, and others wait for it.
pub const MAX_BATCH: usize = 1_000;

/// Most requests in flight on one append stream: what one caller can keep in the writer's queue.
pub const MAX_PIPELINED: usize = 64;

/// Most things of one sort that an event may name (commitments, feedback, evidence …): two such lists and the rest
/// fit the keys of one record.
pub const MAX_LINKS: usize = 100;

/// Most codes, holidays, dispositions in one event: enough for a large organisation; a record's size bounds them, too.
pub const MAX_ENTRIES: usize = 1_000;

/// Most patterns of one sort in a grant: a grant that needs more is a `*`.
pub const MAX_PATTERNS: usize = 100;

/// Longest text of a pledge, and of a quote from it, in bytes: it must fit its record.
pub const MAX_PLEDGE: usize = 60_000;

/// Longest name whose form the domain judges (a media type, a time zone, a pattern of a grant), in bytes: RFC 6838
/// allows 127 for each half of a media type, and nothing registered comes near it.
pub const MAX_NAME: usize = 255;

/// Longest origin line, in bytes: the checkpoint's own limit.
pub const MAX_ORIGIN: usize = storage::limits::MAX_ORIGIN;

/// Most values of one condition of a filter: each is compared with each event.
pub const MAX_FILTER: usize = 100;

/// Events read from the log in one go for a reader: a page of the longest records stays below 9 MiB.
pub const READ_PAGE: usize = 128;

/// Messages that wait for one reader beside that page: enough to keep the connection busy.
pub const READ_AHEAD: usize = 16;

/// Longest history that is given in one answer: a longer one is given page by page.
pub const MAX_HISTORY: usize = 1_000;

/// Most grants set in one request: they are one batch of the log.
pub const MAX_GRANTS: usize = 100;

/// Most streams open at once on one connection.
pub const MAX_STREAMS: u32 = 256;

/// Most requests at work at once on one connection, as long as they have not begun to answer.
pub const MAX_REQUESTS: usize = 256;

/// Most connections: each holds a file and its windows; never more than half of the files that the process may have
/// open. More wait in the system's own queue.
pub const MAX_CONNECTIONS: usize = 1_024;

/// Most readers (`Read` and `Subscribe`) at once: each holds a page and what it reads ahead.
pub const MAX_READERS: usize = 256;

/// Largest list of headers, in bytes: a token, a deadline, a few names.
pub const MAX_HEADERS: u32 = 16 << 10;

/// Bytes that one stream may have on the way to us: one large request without waiting.
pub const STREAM_WINDOW: u32 = 1 << 20;

/// Bytes that one connection may have on the way to us: a few streams' worth, and what a caller can make us hold.
pub const CONNECTION_WINDOW: u32 = 4 << 20;

/// Streams that a caller may open and reset before we have looked at them: the rest ends the connection (rapid reset).
pub const MAX_PENDING_RESETS: usize = 32;

/// Streams that we had to reset ourselves before the connection ends.
pub const MAX_OWN_RESETS: usize = 256;

/// A caller that has not shown itself as HTTP/2 by then is let go.
pub const HANDSHAKE: Duration = Duration::from_secs(5);

/// A silent connection is asked so often whether somebody is there …
pub const KEEPALIVE: Duration = Duration::from_secs(30);

/// … and let go when no answer came within this.
pub const KEEPALIVE_ANSWER: Duration = Duration::from_secs(10);

/// How long a request may take until it begins to answer, if its caller sets no deadline.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a request may take until it begins to answer, whatever deadline its caller sets: a caller that asks for a
/// year would hold its request's place for a year.
pub const MAX_REQUEST_TIMEOUT: Duration = Duration::from_mins(5);

/// How long a reader may take no message, unless the operator says otherwise: longer than a pause of its own, shorter
/// than what it holds here should wait.
pub const SUBSCRIBER_STALL: Duration = Duration::from_secs(30);

/// How many events a live subscriber may be behind, unless the operator says otherwise: some dozens of full requests.
pub const SUBSCRIBER_LAG: u64 = 65_536;

/// How long a stopping server waits for what it is answering, unless the operator says otherwise: less than what
/// service managers wait before they kill.
pub const GRACE: Duration = Duration::from_secs(20);

/// Sizes that a full segment of a log may have, in bytes.
pub const SEGMENT_SIZES: std::ops::RangeInclusive<u64> =
    storage::limits::MIN_SEGMENT..=storage::limits::MAX_SEGMENT;

/// How often, at most, the token file is looked at: a revoked token stops working within this.
pub const TOKEN_RELOAD: Duration = Duration::from_millis(500);

/// Largest token file, in bytes: some thousands of tokens.
pub const MAX_TOKEN_FILE: u64 = 4 << 20;

/// Most connections to a witness: a log sends one small request a minute or so, and the rest waits in the system's own
/// queue.
pub const WITNESS_CONNECTIONS: usize = 64;

/// How long a witness waits for the head of a request, and as long again for its body: 67 KiB at most.
pub const WITNESS_PATIENCE: Duration = Duration::from_secs(10);

/// How long one connection to a witness may last, however busy it is.
pub const WITNESS_CONNECTION: Duration = Duration::from_mins(10);

/// How long a witness that is asked may take to let us connect: it is on the network, or it is not.
pub const WITNESS_CONNECT: Duration = Duration::from_secs(3);

/// How long one question to a witness may take, all in all: it verifies a signature, and writes a file. A start and an
/// end of the server wait for it once.
pub const WITNESS_ANSWER: Duration = Duration::from_secs(8);

/// Least time between two checkpoints that one witness is sent of one ledger, unless the operator says otherwise.
pub const WITNESS_EVERY: Duration = Duration::from_mins(1);

/// Largest known checkpoint's file, in bytes: a signed note.
pub const MAX_KNOWN: u64 = storage::limits::MAX_NOTE as u64;

/// Largest head of a request to a witness, and of its reply, in bytes; and largest body of a reply.
pub const WITNESS_HEAD: usize = 16 << 10;

const _: () = {
    assert!(MAX_APPEND < MAX_MESSAGE_IN);
    assert!(MAX_ANSWER < MAX_MESSAGE_OUT);
    assert!(REQUEST_TIMEOUT.as_millis() < MAX_REQUEST_TIMEOUT.as_millis());
    assert!(MAX_PLEDGE < storage::limits::MAX_RECORD);
    assert!(2 * MAX_LINKS + 16 < storage::limits::MAX_SUBJECTS);
    assert!(MAX_PIPELINED * MAX_MESSAGE_IN <= 64 << 20);
    assert!(TOKEN_RELOAD.as_millis() < 1_000);
    assert!(READ_PAGE <= 512, "the journal gives no longer pages");
};
