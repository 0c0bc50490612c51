//! What the bytes of a text look like, and whether it would lead to a person.
//!
//! Invariant: what is refused is what the rule says character by character; the bytes only tell when nobody need ask. Must
//! not know what the text is for.

use super::Invalid;

/// A run of more digits than these is taken for a telephone number.
const MOST_DIGITS: usize = 8;

/// What the bytes of a text look like: every one is looked at, so that many are looked at together.
pub(super) struct Looks {
    pub(super) ascii: bool,
    /// A control character of ASCII is among them.
    pub(super) control: bool,
    at: bool,
    digits: usize,
}

impl Looks {
    pub(super) fn of(text: &str) -> Self {
        let mut looks = Self { ascii: true, control: false, at: false, digits: 0 };
        // So many digits can be counted in a byte.
        for bytes in text.as_bytes().chunks(usize::from(u8::MAX)) {
            let (mut high, mut control, mut at, mut digits) = (0, false, false, 0_u8);
            for byte in bytes {
                high |= byte;
                control |= byte.is_ascii_control();
                at |= *byte == b'@';
                digits += u8::from(byte.is_ascii_digit());
            }
            looks.ascii &= high.is_ascii();
            looks.control |= control;
            looks.at |= at;
            looks.digits += usize::from(digits);
        }
        looks
    }

    /// Refuses what would lead to a person: something like `a@b.c`, or a run of nine or more digits with nothing but
    /// spaces, brackets, hyphens and dots between them. `text`: the one that looks so.
    pub(super) fn check_no_contact(&self, text: &str) -> Result<(), Invalid> {
        if self.at && holds_address(text) {
            return Err(Invalid::new(
                "an e-mail address in words",
                "name the post, never a person or an address",
            ));
        }
        if self.digits > MOST_DIGITS && holds_long_number(text) {
            return Err(Invalid::new(
                "a telephone number in words",
                "leave out telephone numbers and other long numbers",
            ));
        }
        Ok(())
    }
}

fn holds_address(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        word.split_once('@').is_some_and(|(name, host)| {
            name.ends_with(char::is_alphanumeric) && host.starts_with(char::is_alphanumeric)
        })
    })
}

fn holds_long_number(text: &str) -> bool {
    let mut digits = 0;
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits += 1;
            if digits > MOST_DIGITS {
                return true;
            }
        } else if !matches!(c, ' ' | '(' | ')' | '-' | '.' | '+') {
            digits = 0;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::{Label, MAX_LABEL};
    use super::*;
    use proptest::prelude::*;

    /// The rule as it is said, character by character.
    fn leads_to_a_person(text: &str) -> bool {
        let mail = text.split_whitespace().any(|word| {
            let before = word.chars().take_while(|c| *c != '@').last();
            let behind = word.chars().skip_while(|c| *c != '@').nth(1);
            before.is_some_and(char::is_alphanumeric) && behind.is_some_and(char::is_alphanumeric)
        });
        let between = |c: char| !(c.is_ascii_digit() || " ()-.+".contains(c));
        let long = |run: &str| run.chars().filter(char::is_ascii_digit).count() > MOST_DIGITS;
        mail || text.split(between).any(long)
    }

    #[test]
    fn given_a_long_text_when_what_leads_to_a_person_stands_anywhere_in_it_then_it_is_seen() {
        for before in 0..600 {
            for person in ["123456789", "a@b", "\u{e9}@b"] {
                let text =
                    format!("{}{person}{}", "a ".repeat(before / 2) + &"."[..before % 2], " a".repeat(300));
                let looks = Looks::of(&text);
                assert!(looks.check_no_contact(&text).is_err(), "{person} behind {before}");
                assert_eq!(looks.ascii, text.is_ascii());
            }
        }
    }

    proptest! {
        #[test]
        fn given_any_text_when_it_is_judged_then_it_is_as_the_rule_says_character_by_character(
            text in prop_oneof![
                "[ -~]{0,130}", "\\PC{0,125}", "[a-c @.\u{e9}\n\u{7f}\u{85}]{0,12}", "[0-9 ()x+.-]{0,20}",
                "[a-c ]{240,270}[0-9@.a ]{0,24}",
            ]
        ) {
            prop_assert_eq!(Looks::of(&text).check_no_contact(&text).is_err(), leads_to_a_person(&text));
            let one_line = !text.is_empty() && text.trim() == text && text.chars().count() <= MAX_LABEL
                && !text.chars().any(char::is_control);
            prop_assert_eq!(Label::parse(&text).is_ok(), one_line && !leads_to_a_person(&text));
        }
    }
}
