//! Sixteen messages hashed side by side, word by word of each, with the instructions for 16 words at once (AVX-512).
//!
//! Invariant: what comes out is SHA-256 of each message, as the crate gives it: the tests hold the two against each
//! other. This is the one file with `unsafe` in it: a function for a machine that has these instructions may only be
//! called where it was asked whether it has. It must not know what is hashed.
//!
//! Why it is there: a ledger that is verified is hashed record by record, node by node and key by key, and no hash waits
//! for another. One after the other, even with the machine's own instructions for SHA-256, a block takes the time of
//! 64 rounds that wait for each other; sixteen at once take half of that time for each.
#![allow(unsafe_code, reason = "functions for 16 lanes are called where the machine was asked for them")]

use super::{BLOCK, Message, START};

/// Messages side by side.
pub(super) const LANES: usize = 16;

/// Fewer messages are hashed faster one after the other.
pub(super) const LEAST: usize = 9;

/// The states of so many messages, and how many blocks of each are in them.
pub(super) struct Begun {
    /// The words of a state; of each, that of every message.
    pub(super) words: [[u32; LANES]; 8],
    /// Blocks that were hashed, where a message has so many.
    pub(super) blocks: usize,
}

/// Hashes messages, at most [`LANES`], as long as it pays; nothing where this machine cannot.
#[cfg(target_arch = "x86_64")]
pub(super) fn begin(messages: &[Message<'_>]) -> Option<Begun> {
    let able = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    // SAFETY: the machine has both sets of instructions, of which it was asked.
    (able && messages.len() >= LEAST).then(|| unsafe { wide::begin(messages) })
}

/// Hashes messages, at most [`LANES`], as long as it pays; nothing where this machine cannot.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn begin(_: &[Message<'_>]) -> Option<Begun> {
    None
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi32, _mm512_loadu_si512, _mm512_mask_add_epi32, _mm512_ror_epi32,
        _mm512_set1_epi32, _mm512_set4_epi32, _mm512_setzero_si512, _mm512_shuffle_epi8,
        _mm512_shuffle_i32x4, _mm512_srli_epi32, _mm512_storeu_si512, _mm512_ternarylogic_epi32,
        _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
    };

    use super::{BLOCK, Begun, LANES, LEAST, Message, START};

    /// The constants of the rounds (FIPS 180-4 §4.2.2).
    const ROUNDS: [u32; 64] = [
        0x428a_2f98,
        0x7137_4491,
        0xb5c0_fbcf,
        0xe9b5_dba5,
        0x3956_c25b,
        0x59f1_11f1,
        0x923f_82a4,
        0xab1c_5ed5,
        0xd807_aa98,
        0x1283_5b01,
        0x2431_85be,
        0x550c_7dc3,
        0x72be_5d74,
        0x80de_b1fe,
        0x9bdc_06a7,
        0xc19b_f174,
        0xe49b_69c1,
        0xefbe_4786,
        0x0fc1_9dc6,
        0x240c_a1cc,
        0x2de9_2c6f,
        0x4a74_84aa,
        0x5cb0_a9dc,
        0x76f9_88da,
        0x983e_5152,
        0xa831_c66d,
        0xb003_27c8,
        0xbf59_7fc7,
        0xc6e0_0bf3,
        0xd5a7_9147,
        0x06ca_6351,
        0x1429_2967,
        0x27b7_0a85,
        0x2e1b_2138,
        0x4d2c_6dfc,
        0x5338_0d13,
        0x650a_7354,
        0x766a_0abb,
        0x81c2_c92e,
        0x9272_2c85,
        0xa2bf_e8a1,
        0xa81a_664b,
        0xc24b_8b70,
        0xc76c_51a3,
        0xd192_e819,
        0xd699_0624,
        0xf40e_3585,
        0x106a_a070,
        0x19a4_c116,
        0x1e37_6c08,
        0x2748_774c,
        0x34b0_bcb5,
        0x391c_0cb3,
        0x4ed8_aa4a,
        0x5b9c_ca4f,
        0x682e_6ff3,
        0x748f_82ee,
        0x78a5_636f,
        0x84c8_7814,
        0x8cc7_0208,
        0x90be_fffa,
        0xa450_6ceb,
        0xbef9_a3f7,
        0xc671_78f2,
    ];

    /// Of three bits, by their eight cases: an odd number of them, the second or third by the first, and the most.
    const PARITY: i32 = 0b1001_0110;
    const CHOICE: i32 = 0b1100_1010;
    const MAJORITY: i32 = 0b1110_1000;

    /// As [`super::begin`], where there are at least [`LEAST`] messages.
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn begin(messages: &[Message<'_>]) -> Begun {
        // Loops, and no `map`: what was made for all machines does not take in what was made for this one.
        let mut state = [_mm512_setzero_si512(); 8];
        for (vector, word) in state.iter_mut().zip(START) {
            *vector = _mm512_set1_epi32(word.cast_signed());
        }
        let mut blocks = 0;
        loop {
            let going = |lane: usize| messages.get(lane).is_some_and(|it| it.count() > blocks);
            let mask = (0..LANES).fold(0, |mask, lane| mask | u16::from(going(lane)) << lane);
            if (mask.count_ones() as usize) < LEAST {
                break;
            }
            // What has ended, or is not there, is hashed with any block, and its state left.
            let mut rows = [_mm512_setzero_si512(); LANES];
            for (lane, row) in rows.iter_mut().enumerate() {
                let lane = if going(lane) { lane } else { mask.trailing_zeros() as usize };
                *row = loaded(messages[lane].block(blocks));
            }
            compress(&mut state, mask, &words(&rows));
            blocks += 1;
        }
        let mut begun = Begun { words: [[0; LANES]; 8], blocks };
        for (words, vector) in begun.words.iter_mut().zip(state) {
            *words = stored(vector);
        }
        begun
    }

    #[target_feature(enable = "avx512f")]
    fn stored(vector: __m512i) -> [u32; LANES] {
        let mut words = [0; LANES];
        // SAFETY: there is room for 64 bytes, and no alignment is asked for.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) };
        words
    }

    /// The 16 words of each block, as numbers.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn loaded(block: &[u8; BLOCK]) -> __m512i {
        // SAFETY: 64 bytes are read, which is what a block has, and no alignment is asked for.
        let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
        // In each word of four bytes the last comes first.
        let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
        _mm512_shuffle_epi8(bytes, order)
    }

    /// Word by word, those of all blocks: rows become columns, by ones, twos and fours of words.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn words(rows: &[__m512i; LANES]) -> [__m512i; 16] {
        let mut ones = [_mm512_setzero_si512(); 16];
        for (pair, rows) in ones.as_chunks_mut::<2>().0.iter_mut().zip(rows.as_chunks::<2>().0) {
            *pair = [_mm512_unpacklo_epi32(rows[0], rows[1]), _mm512_unpackhi_epi32(rows[0], rows[1])];
        }
        let mut twos = [_mm512_setzero_si512(); 16];
        for (four, ones) in twos.as_chunks_mut::<4>().0.iter_mut().zip(ones.as_chunks::<4>().0) {
            *four = [
                _mm512_unpacklo_epi64(ones[0], ones[2]),
                _mm512_unpackhi_epi64(ones[0], ones[2]),
                _mm512_unpacklo_epi64(ones[1], ones[3]),
                _mm512_unpackhi_epi64(ones[1], ones[3]),
            ];
        }
        // Of four rows, each vector of `twos` has in its quarter k word 4k and so many.
        let mut words = [_mm512_setzero_si512(); 16];
        for word in 0..4 {
            let (first, second, third, last) = (twos[word], twos[4 + word], twos[8 + word], twos[12 + word]);
            let (low, high) = (
                [_mm512_shuffle_i32x4(first, second, 0x44), _mm512_shuffle_i32x4(third, last, 0x44)],
                [_mm512_shuffle_i32x4(first, second, 0xee), _mm512_shuffle_i32x4(third, last, 0xee)],
            );
            words[word] = _mm512_shuffle_i32x4(low[0], low[1], 0x88);
            words[4 + word] = _mm512_shuffle_i32x4(low[0], low[1], 0xdd);
            words[8 + word] = _mm512_shuffle_i32x4(high[0], high[1], 0x88);
            words[12 + word] = _mm512_shuffle_i32x4(high[0], high[1], 0xdd);
        }
        words
    }

    /// One block of each message whose bit is set (FIPS 180-4 §6.2.2).
    #[target_feature(enable = "avx512f")]
    #[allow(clippy::many_single_char_names, reason = "the eight words have these names in the standard")]
    fn compress(state: &mut [__m512i; 8], mask: u16, words: &[__m512i; 16]) {
        let mut words = *words;
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
        macro_rules! parity {
            ($one:expr, $two:expr, $three:expr) => {
                _mm512_ternarylogic_epi32($one, $two, $three, PARITY)
            };
        }
        macro_rules! round {
            ($t:expr, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                if $t >= 16 {
                    let (early, late) = (words[($t + 1) % 16], words[($t + 14) % 16]);
                    let early = parity!(
                        _mm512_ror_epi32(early, 7),
                        _mm512_ror_epi32(early, 18),
                        _mm512_srli_epi32(early, 3)
                    );
                    let late = parity!(
                        _mm512_ror_epi32(late, 17),
                        _mm512_ror_epi32(late, 19),
                        _mm512_srli_epi32(late, 10)
                    );
                    let sum = _mm512_add_epi32(words[($t + 9) % 16], late);
                    words[$t % 16] = _mm512_add_epi32(_mm512_add_epi32(words[$t % 16], early), sum);
                }
                let sum =
                    parity!(_mm512_ror_epi32($e, 6), _mm512_ror_epi32($e, 11), _mm512_ror_epi32($e, 25));
                let sum = _mm512_add_epi32(_mm512_ternarylogic_epi32($e, $f, $g, CHOICE), sum);
                let word = _mm512_add_epi32(words[$t % 16], _mm512_set1_epi32(ROUNDS[$t].cast_signed()));
                let one = _mm512_add_epi32(_mm512_add_epi32($h, word), sum);
                let sum =
                    parity!(_mm512_ror_epi32($a, 2), _mm512_ror_epi32($a, 13), _mm512_ror_epi32($a, 22));
                let two = _mm512_add_epi32(sum, _mm512_ternarylogic_epi32($a, $b, $c, MAJORITY));
                $d = _mm512_add_epi32($d, one);
                $h = _mm512_add_epi32(one, two);
            };
        }
        // Written out, so that every word stands where it is known to stand.
        macro_rules! eight_rounds {
            ($($t:expr)+) => { $(
                round!($t, a b c d e f g h);
                round!($t + 1, h a b c d e f g);
                round!($t + 2, g h a b c d e f);
                round!($t + 3, f g h a b c d e);
                round!($t + 4, e f g h a b c d);
                round!($t + 5, d e f g h a b c);
                round!($t + 6, c d e f g h a b);
                round!($t + 7, b c d e f g h a);
            )+ };
        }
        eight_rounds!(0 8 16 24 32 40 48 56);
        for (word, sum) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *word = _mm512_mask_add_epi32(*word, mask, *word, sum);
        }
    }
}
