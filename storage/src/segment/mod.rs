//! One file of records, and its sealed index.

pub(crate) mod header;
pub(crate) mod index;
pub(crate) mod live;
pub(crate) mod order;
pub(crate) mod reader;
pub(crate) mod writer;

/// Directory of the words files.
pub(crate) const WORDS: &str = "log/words";

/// Path of the segment `number`.
pub(crate) fn path(number: u32) -> String {
    format!("log/{number:08}.seg")
}

/// Path of the sealed index of the segment `number`.
pub(crate) fn index_path(number: u32) -> String {
    format!("log/{number:08}.idx")
}

/// Path of the words of the segment `number`.
pub(crate) fn words_path(number: u32) -> String {
    format!("{WORDS}/{number:08}.words")
}

/// The number in a file name such as `00000007.seg`.
pub(crate) fn number(name: &str, suffix: &str) -> Option<u32> {
    let digits = name.strip_suffix(suffix)?;
    (digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}
