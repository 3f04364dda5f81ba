//! Maps of a case.

use skep_abi::MapType;

use crate::head::{named, number};

/// A map of a case.
#[derive(Clone, Debug)]
pub struct MapSpec {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: MapType,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// Elements.
    pub max_entries: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// `map_extra`.
    pub extra: u64,
    /// The only value, which is frozen.
    pub frozen: Option<Vec<u8>>,
    /// The struct of the value.
    pub value: Option<String>,
    /// The map that those within it are like.
    pub inner: Option<String>,
    /// The struct of the kernel's that the value is.
    pub kernel_value: Option<String>,
}

impl MapSpec {
    /// Reads a line of the head, after `map NAME: `.
    pub(crate) fn parse(name: &str, value: &str) -> Result<Self, String> {
        let (text, mut rest) = match value.split_once('"') {
            Some((before, text)) => {
                let (text, after) = text.split_once('"').ok_or("a text has no end")?;
                (Some(text), format!("{before} {after}"))
            }
            None => (None, value.to_owned()),
        };
        let mut map = Self {
            name: name.to_owned(),
            kind: MapType::Array,
            key_size: 0,
            value_size: 0,
            max_entries: 0,
            flags: 0,
            extra: 0,
            frozen: None,
            value: None,
            inner: None,
            kernel_value: None,
        };
        rest.push(' ');
        let mut plain = Vec::new();
        for word in rest.split_whitespace() {
            match word.split_once('=') {
                Some(("inner", inner)) => map.inner = Some(inner.to_owned()),
                Some(("extra", extra)) => map.extra = number(extra)?,
                Some(("kernel", name)) => map.kernel_value = Some(name.to_owned()),
                Some((key, _)) => return Err(format!("`{key}` is no key of a map")),
                None => plain.push(word),
            }
        }
        let mut plain = plain.into_iter();
        let kind = plain.next().ok_or("a map has a kind")?;
        map.kind = named(MapType::ALL, |kind| kind.name(), kind)?;
        let fields = [&mut map.key_size, &mut map.value_size, &mut map.max_entries, &mut map.flags];
        for (field, word) in fields.into_iter().zip(plain.by_ref()) {
            *field = number(word)?;
        }
        map.value = plain.next().map(str::to_owned);
        map.frozen = text.map(bytes).transpose()?;
        if let Some(bytes) = &mut map.frozen {
            bytes.resize(map.value_size as usize, 0);
        }
        Ok(map)
    }
}

/// The bytes of a text in which `\0` and `\x1f` stand for others.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or("").as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = match (part.strip_prefix('0'), part.strip_prefix('x')) {
            (Some(rest), _) => (Some(0), rest),
            (None, Some(hex)) => {
                let (digits, rest) = hex.split_at_checked(2).unwrap_or(("", hex));
                (u8::from_str_radix(digits, 16).ok(), rest)
            }
            (None, None) => (None, part),
        };
        bytes.push(byte.ok_or_else(|| format!("`\\{part}` stands for no byte"))?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Ok(bytes)
}
