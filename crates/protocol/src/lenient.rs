//! Reads JSON fields whose type servers disagree about: a number for a name, a string for a number, null for either.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::surrogates::mended;

/// One JSON scalar. Arrays and objects read as [`Scalar::Other`]: present, but of no use as a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(Cow<'a, str>),
    Other,
}

impl<'a> Scalar<'a> {
    /// The field apart from the JSON that it was read from.
    fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Self::Null => Scalar::Null,
            Self::Bool(b) => Scalar::Bool(b),
            Self::Int(n) => Scalar::Int(n),
            Self::Uint(n) => Scalar::Uint(n),
            Self::Float(n) => Scalar::Float(n),
            Self::Other => Scalar::Other,
        }
    }

    /// The field as text; absent, null and nested values are empty.
    pub(crate) fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text,
            Self::Bool(b) => Cow::Owned(b.to_string()),
            Self::Int(n) => Cow::Owned(n.to_string()),
            Self::Uint(n) => Cow::Owned(n.to_string()),
            Self::Float(n) => Cow::Owned(n.to_string()),
            Self::Null | Self::Other => Cow::Borrowed(""),
        }
    }

    /// The field as text, or nothing when it is absent, null, nested or empty.
    pub(crate) fn into_nonempty(self) -> Option<String> {
        let text = self.into_text();
        (!text.is_empty()).then(|| text.into_owned())
    }

    /// The field as a whole number, also when it is written as a string or as `3.0`.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Uint(n) => i64::try_from(*n).ok(),
            // 2^53: beyond it a float no longer names one whole number.
            Self::Float(n) if n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0 => {
                Some(*n as i64)
            }
            Self::Text(text) => text.trim().parse().ok(),
            Self::Null | Self::Bool(_) | Self::Float(_) | Self::Other => None,
        }
    }

    /// The field as a count: a whole number that is not negative.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Uint(n) => Some(*n),
            other => other.as_i64().and_then(|n| u64::try_from(n).ok()),
        }
    }

    /// The field as yes or no; absent means nothing.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Null | Self::Int(_) | Self::Uint(_) | Self::Float(_) | Self::Other => None,
        }
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Int(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Uint(v))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Float(v))
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(v)))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(v.to_owned())))
    }

    fn visit_string<E>(self, v: String) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(v)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Reads one JSON object field by field: `take` gets every key with its scalar, a repeated key wins last. Where a text is
/// cut in the middle of a character, the object is read once more with that mended.
pub(crate) fn read_object<'de>(
    json: &'de str,
    mut take: impl FnMut(&str, Scalar<'de>),
) -> Result<(), serde_json::Error> {
    let Err(error) = read_object_once(json, &mut take) else { return Ok(()) };
    let mended = mended(json).ok_or(error)?;
    read_object_once(&mended, |key, value| take(key, value.into_owned()))
}

fn read_object_once<'de>(
    json: &'de str,
    take: impl FnMut(&str, Scalar<'de>),
) -> Result<(), serde_json::Error> {
    let mut de = serde_json::Deserializer::from_str(json);
    de.deserialize_map(ObjectVisitor(take))?;
    de.end()
}

/// Reads any JSON, mended in the same way.
pub(crate) fn read_value<T: serde::de::DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_slice(json).ok().or_else(|| {
        let mended = mended(std::str::from_utf8(json).ok()?)?;
        serde_json::from_str(&mended).ok()
    })
}

struct ObjectVisitor<F>(F);

impl<'de, F: FnMut(&str, Scalar<'de>)> Visitor<'de> for ObjectVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let value = map.next_value::<Scalar<'de>>()?;
            (self.0)(&key.0, value);
        }
        Ok(())
    }
}

/// An object's key, borrowed when it holds no escape.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(|scalar| Self(scalar.into_text()))
    }
}
