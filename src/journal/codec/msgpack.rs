//! MessagePack, opened where it stands: a serde deserializer over the bytes of an event, which every record goes through
//! that is verified, viewed or judged by.
//!
//! Invariant: for our events it takes, refuses and gives exactly what `rmp_serde`'s deserializer does, with which they
//! are written, where they are one well-formed map; and it refuses whatever is not, as a text that is not UTF-8, which
//! that one takes for bytes. The tests and the fuzz target hold the two against each other. Texts and bytes are borrowed; nothing is
//! allocated here but for an error. It must not know what an event is.
//! Format: the MessagePack specification (msgpack/spec.md of the msgpack project). Extensions are refused: nothing that
//! is stored has one, and no visitor of ours takes one.

use serde::de::{
    self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
    value::SeqDeserializer,
};
use std::{fmt, str};

/// Why bytes are not what was asked for. It may tell of a text that stands in them: events hold no words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The bytes end before the value does.
    Short,
    /// Something of this head cannot stand here.
    Head(u8),
    /// A text is not UTF-8.
    Utf8,
    /// A map or a list has more items than were taken, or an enum is not of one.
    Length,
    /// Values stand in values, deeper than allowed.
    Depth,
    /// Bytes stand behind the value.
    More,
    /// What the type itself says.
    Said(Box<str>),
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("it ends too early"),
            Self::Head(head) => write!(f, "a value with the head {head:#04x} cannot stand there"),
            Self::Utf8 => f.write_str("a text is not UTF-8"),
            Self::Length => f.write_str("a list or a map has another length"),
            Self::More => f.write_str("something stands behind it"),
            Self::Depth => f.write_str("it is nested too deeply"),
            Self::Said(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Defect {}

impl de::Error for Defect {
    #[cold]
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self::Said(what.to_string().into())
    }
}

/// Opens the value that stands at the front of some bytes; what follows it is left.
pub(super) struct Reader<'de> {
    rest: &'de [u8],
    /// So many levels may be open, and one less.
    depth: u16,
}

impl<'de> Reader<'de> {
    /// Opens `bytes`, where fewer than `depth` lists and maps stand inside each other.
    pub(super) const fn new(bytes: &'de [u8], depth: u16) -> Self {
        Self { rest: bytes, depth }
    }

    /// Nothing stands behind what was opened.
    pub(super) fn end(&self) -> Result<(), Defect> {
        if self.rest.is_empty() { Ok(()) } else { Err(Defect::More) }
    }

    #[inline]
    fn head(&mut self) -> Result<u8, Defect> {
        let (head, rest) = self.rest.split_first().ok_or(Defect::Short)?;
        self.rest = rest;
        Ok(*head)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'de [u8], Defect> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Defect::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Defect> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Defect::Short)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A length of 1, 2 or 4 bytes, by the last two bits of a head that counts up from 1 byte.
    fn length(&mut self, width: u8) -> Result<usize, Defect> {
        Ok(match width {
            0 => usize::from(self.fixed::<1>()?[0]),
            1 => usize::from(u16::from_be_bytes(self.fixed()?)),
            _ => u32::from_be_bytes(self.fixed()?) as usize,
        })
    }

    #[inline]
    fn text<V: Visitor<'de>>(&mut self, length: usize, visitor: V) -> Result<V::Value, Defect> {
        let bytes = self.take(length)?;
        visitor.visit_borrowed_str(str::from_utf8(bytes).map_err(|_| Defect::Utf8)?)
    }

    #[inline]
    fn seq<V: Visitor<'de>>(&mut self, count: usize, visitor: V) -> Result<V::Value, Defect> {
        self.deeper()?;
        let mut items = Items { from: self, left: count };
        let value = visitor.visit_seq(&mut items)?;
        if items.left > 0 {
            return Err(Defect::Length);
        }
        self.depth += 1;
        Ok(value)
    }

    #[inline]
    fn map<V: Visitor<'de>>(&mut self, count: usize, visitor: V) -> Result<V::Value, Defect> {
        self.deeper()?;
        let mut entries = Items { from: self, left: count };
        let value = visitor.visit_map(&mut entries)?;
        if entries.left > 0 {
            return Err(Defect::Length);
        }
        self.depth += 1;
        Ok(value)
    }

    fn deeper(&mut self) -> Result<(), Defect> {
        self.depth -= 1;
        if self.depth == 0 { Err(Defect::Depth) } else { Ok(()) }
    }

    #[inline(never)]
    fn number<V: Visitor<'de>>(&mut self, head: u8, visitor: V) -> Result<V::Value, Defect> {
        match head {
            0xc0 => visitor.visit_unit(),
            0xc2 | 0xc3 => visitor.visit_bool(head == 0xc3),
            0x00..=0x7f => visitor.visit_u8(head),
            0xe0..=0xff => visitor.visit_i8(i8::from_be_bytes([head])),
            0xcc => visitor.visit_u8(u8::from_be_bytes(self.fixed()?)),
            0xcd => visitor.visit_u16(u16::from_be_bytes(self.fixed()?)),
            0xce => visitor.visit_u32(u32::from_be_bytes(self.fixed()?)),
            0xcf => visitor.visit_u64(u64::from_be_bytes(self.fixed()?)),
            0xd0 => visitor.visit_i8(i8::from_be_bytes(self.fixed()?)),
            0xd1 => visitor.visit_i16(i16::from_be_bytes(self.fixed()?)),
            0xd2 => visitor.visit_i32(i32::from_be_bytes(self.fixed()?)),
            0xd3 => visitor.visit_i64(i64::from_be_bytes(self.fixed()?)),
            0xca => visitor.visit_f32(f32::from_be_bytes(self.fixed()?)),
            0xcb => visitor.visit_f64(f64::from_be_bytes(self.fixed()?)),
            _ => Err(Defect::Head(head)),
        }
    }

    /// Whatever stands there. `bytes`: whether bytes are asked for as such, and not as a list of numbers.
    fn value<V: Visitor<'de>>(&mut self, visitor: V, bytes: bool) -> Result<V::Value, Defect> {
        let head = self.head()?;
        match head {
            0xa0..=0xbf => self.text(usize::from(head & 0x1f), visitor),
            0x80..=0x8f => self.map(usize::from(head & 0x0f), visitor),
            0x90..=0x9f => self.seq(usize::from(head & 0x0f), visitor),
            0xd9..=0xdb => {
                let length = self.length(head - 0xd9)?;
                self.text(length, visitor)
            }
            0xc4..=0xc6 => {
                let length = self.length(head - 0xc4)?;
                let taken = self.take(length)?;
                if bytes {
                    visitor.visit_borrowed_bytes(taken)
                } else {
                    visitor.visit_seq(SeqDeserializer::new(taken.iter().copied()))
                }
            }
            0xdc | 0xdd => {
                let count = self.length(head - 0xdc + 1)?;
                self.seq(count, visitor)
            }
            0xde | 0xdf => {
                let count = self.length(head - 0xde + 1)?;
                self.map(count, visitor)
            }
            _ => self.number(head, visitor),
        }
    }

    /// What is nearly always a short text.
    #[inline]
    fn mostly_text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Defect> {
        match self.rest.split_first() {
            Some((head @ 0xa0..=0xbf, rest)) => {
                self.rest = rest;
                self.text(usize::from(head & 0x1f), visitor)
            }
            _ => self.value(visitor, true),
        }
    }
}

/// Whatever stands there is given to the visitor as what it is.
macro_rules! as_it_stands {
    ($($method:ident)+) => { $(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Defect> {
            self.value(visitor, true)
        }
    )+ };
}

macro_rules! texts {
    ($($method:ident)+) => { $(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Defect> {
            self.mostly_text(visitor)
        }
    )+ };
}

macro_rules! numbers {
    ($($method:ident)+) => { $(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Defect> {
            let head = self.head()?;
            self.number(head, visitor)
        }
    )+ };
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Defect;

    fn is_human_readable(&self) -> bool {
        false
    }

    as_it_stands! { deserialize_any deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_map
    deserialize_ignored_any }

    texts! { deserialize_str deserialize_string deserialize_char }

    numbers! { deserialize_bool deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8
    deserialize_i16 deserialize_i32 deserialize_i64 deserialize_f32 deserialize_f64 }

    /// The name of a field is compared, and never shown: whether it is UTF-8 is no matter.
    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Defect> {
        match self.rest.split_first() {
            Some((head @ 0xa0..=0xbf, rest)) => {
                self.rest = rest;
                visitor.visit_borrowed_bytes(self.take(usize::from(head & 0x1f))?)
            }
            _ => self.value(visitor, true),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Defect> {
        match self.rest.split_first() {
            Some((0xc0, rest)) => {
                self.rest = rest;
                visitor.visit_none()
            }
            Some(_) => visitor.visit_some(self),
            None => Err(Defect::Short),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Defect> {
        let Some((head @ (0x80..=0x8f | 0xde | 0xdf), rest)) = self.rest.split_first() else {
            return visitor.visit_enum(Named(self));
        };
        self.rest = rest;
        let count = if *head < 0xde { usize::from(head & 0x0f) } else { self.length(head - 0xde + 1)? };
        if count == 1 { visitor.visit_enum(With(self)) } else { Err(Defect::Length) }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Defect> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Defect> {
        match self.rest.split_first() {
            Some((0xc0 | 0x90, rest)) => {
                self.rest = rest;
                visitor.visit_unit()
            }
            _ => self.value(visitor, true),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Defect> {
        self.value(visitor, false)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Defect> {
        self.value(visitor, false)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Defect> {
        self.value(visitor, false)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Defect> {
        self.value(visitor, false)
    }
}

/// The items of a list, or the entries of a map, that are still to come.
struct Items<'a, 'de> {
    from: &'a mut Reader<'de>,
    left: usize,
}

impl Items<'_, '_> {
    #[inline]
    fn next(&mut self) -> bool {
        let more = self.left > 0;
        self.left -= usize::from(more);
        more
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Defect;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Defect> {
        if self.next() { seed.deserialize(&mut *self.from).map(Some) } else { Ok(None) }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Defect;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Defect> {
        if self.next() { seed.deserialize(&mut *self.from).map(Some) } else { Ok(None) }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Defect> {
        seed.deserialize(&mut *self.from)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// A variant that is its name alone.
struct Named<'a, 'de>(&'a mut Reader<'de>);

impl<'de> EnumAccess<'de> for Named<'_, 'de> {
    type Error = Defect;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Defect> {
        Ok((seed.deserialize(&mut *self.0)?, self))
    }
}

impl<'de> VariantAccess<'de> for Named<'_, 'de> {
    type Error = Defect;

    fn unit_variant(self) -> Result<(), Defect> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Defect> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"newtype variant"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Defect> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"tuple variant"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Defect> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"struct variant"))
    }
}

/// A variant as a map of one: its name and what it holds.
struct With<'a, 'de>(&'a mut Reader<'de>);

impl<'de> EnumAccess<'de> for With<'_, 'de> {
    type Error = Defect;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Defect> {
        Ok((seed.deserialize(&mut *self.0)?, self))
    }
}

impl<'de> VariantAccess<'de> for With<'_, 'de> {
    type Error = Defect;

    fn unit_variant(self) -> Result<(), Defect> {
        match self.0.head()? {
            0xc0 => Ok(()),
            head => Err(Defect::Head(head)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Defect> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Defect> {
        de::Deserializer::deserialize_tuple(self.0, length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Defect> {
        de::Deserializer::deserialize_tuple(self.0, fields.len(), visitor)
    }
}
