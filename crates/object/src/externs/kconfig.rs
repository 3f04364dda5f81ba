//! Values of `.kconfig` variables: libbpf's `set_kcfg_value_*`.

use super::{KconfigExtern, KconfigKind};
use crate::feature;
use crate::profile::KernelProfile;

/// The value of a variable as the bytes of its map, or why there is none.
pub(super) enum Value {
    Bytes(Vec<u8>),
    /// The option is not set, or the loader does not know the variable.
    Unset,
    /// The profile says nothing about options.
    Unknown,
    Wrong(String),
}

/// Looks a variable up.
pub(super) fn value(name: &str, config: &KconfigExtern, profile: &KernelProfile) -> Value {
    let number = |value: u64| number(config, value).map_or_else(Value::Wrong, Value::Bytes);
    match name {
        "LINUX_KERNEL_VERSION" => number(version_code(profile).into()),
        "LINUX_HAS_BPF_COOKIE" => number(feature::has_bpf_cookie(profile.version).into()),
        "LINUX_HAS_SYSCALL_WRAPPER" => number(feature::has_syscall_wrapper(profile).into()),
        _ if !name.starts_with("CONFIG_") => Value::Unset,
        _ => match profile.config.get(name) {
            Some(text) => option(config, text).map_or_else(Value::Wrong, Value::Bytes),
            None if profile.config.is_empty() => Value::Unknown,
            None => Value::Unset,
        },
    }
}

/// `KERNEL_VERSION(major, minor, patch)` of the profile's release.
fn version_code(profile: &KernelProfile) -> u32 {
    let patch = profile.release.split('.').nth(2).unwrap_or("");
    let digits = patch.find(|c: char| !c.is_ascii_digit()).unwrap_or(patch.len());
    let patch: u32 = patch[..digits].parse().unwrap_or(0);
    u32::from(profile.version.major) << 16 | u32::from(profile.version.minor) << 8 | patch.min(255)
}

/// The value of an option as `.config` spells it.
fn option(config: &KconfigExtern, text: &str) -> Result<Vec<u8>, String> {
    match text.as_bytes() {
        [first @ (b'y' | b'n' | b'm'), ..] => letter(config, *first),
        [b'"', ..] => string(config, text),
        _ => {
            let value = integer(text).ok_or_else(|| format!("its value {text} is no number"))?;
            match config.kind {
                KconfigKind::Int { .. } | KconfigKind::Char { .. } => number(config, value),
                _ => Err(format!("its value {text} is a number, and the variable takes none")),
            }
        }
    }
}

fn letter(config: &KconfigExtern, letter: u8) -> Result<Vec<u8>, String> {
    let shown = char::from(letter);
    match (config.kind, letter) {
        (KconfigKind::Bool, b'm') => {
            Err("its value m does not fit in bool: use enum libbpf_tristate or char".into())
        }
        (KconfigKind::Bool, _) => Ok(vec![u8::from(letter == b'y')]),
        (KconfigKind::Tristate, _) => {
            let value: u32 = match letter {
                b'y' => 1,
                b'm' => 2,
                _ => 0,
            };
            Ok(value.to_le_bytes().to_vec())
        }
        (KconfigKind::Char { .. }, _) => Ok(vec![letter]),
        _ => Err(format!("its value {shown} needs bool, char or enum libbpf_tristate")),
    }
}

/// A string without its quotes, cut to the variable's size, zeros after it.
fn string(config: &KconfigExtern, text: &str) -> Result<Vec<u8>, String> {
    if config.kind != KconfigKind::String {
        return Err(format!("its value {text} needs a char array"));
    }
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let inner = inner.ok_or_else(|| format!("its value {text} lacks the closing quote"))?;
    let mut bytes = vec![0; config.size as usize];
    let len = inner.len().min(bytes.len().saturating_sub(1));
    bytes[..len].copy_from_slice(&inner.as_bytes()[..len]);
    Ok(bytes)
}

/// A number as C writes it: decimal, `0x` or `0` octal; negative ones as their two's complement.
fn integer(text: &str) -> Option<u64> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None if digits.len() > 1 && digits.starts_with('0') => {
            u64::from_str_radix(&digits[1..], 8).ok()?
        }
        None => digits.parse().ok()?,
    };
    Some(if is_negative { value.wrapping_neg() } else { value })
}

/// A number in the variable's size, when it fits.
fn number(config: &KconfigExtern, value: u64) -> Result<Vec<u8>, String> {
    let is_signed = match config.kind {
        KconfigKind::Int { is_signed } | KconfigKind::Char { is_signed } => is_signed,
        KconfigKind::Bool if value <= 1 => false,
        KconfigKind::Bool => return Err(format!("its value {value} is no bool")),
        KconfigKind::Tristate | KconfigKind::String => {
            return Err(format!("its value {value} is a number, and the variable takes none"));
        }
    };
    let bits = config.size * 8;
    let fits = match bits {
        64.. => true,
        _ if is_signed => value.wrapping_add(1 << (bits - 1)) < 1 << bits,
        _ => value >> bits == 0,
    };
    if !fits {
        return Err(format!("its value {value} does not fit in {} bytes", config.size));
    }
    Ok(value.to_le_bytes()[..(config.size as usize).min(8)].to_vec())
}

#[cfg(test)]
mod tests {
    use skep_btf::TypeId;

    use super::*;

    fn config(kind: KconfigKind, size: u32) -> KconfigExtern {
        KconfigExtern { kind, size, align: 1, offset: 0, ty: TypeId(1) }
    }

    #[test]
    fn letters_become_what_the_type_takes() {
        assert_eq!(option(&config(KconfigKind::Bool, 1), "y"), Ok(vec![1]));
        assert!(option(&config(KconfigKind::Bool, 1), "m").is_err());
        assert_eq!(option(&config(KconfigKind::Tristate, 4), "m"), Ok(vec![2, 0, 0, 0]));
        assert_eq!(option(&config(KconfigKind::Char { is_signed: true }, 1), "m"), Ok(vec![b'm']));
        assert!(option(&config(KconfigKind::Int { is_signed: true }, 4), "y").is_err());
    }

    #[test]
    fn numbers_must_fit() {
        let (signed, unsigned) = (
            config(KconfigKind::Int { is_signed: true }, 2),
            config(KconfigKind::Int { is_signed: false }, 2),
        );
        assert_eq!(option(&signed, "-2"), Ok(vec![0xfe, 0xff]));
        assert!(option(&unsigned, "-2").is_err());
        assert!(option(&signed, "40000").is_err());
        assert_eq!(option(&unsigned, "0x9c40"), Ok(vec![0x40, 0x9c]));
        assert_eq!(
            option(&config(KconfigKind::Int { is_signed: false }, 8), "010"),
            Ok(vec![8, 0, 0, 0, 0, 0, 0, 0])
        );
        assert!(option(&unsigned, "12x").is_err());
        assert!(option(&unsigned, "").is_err());
    }

    #[test]
    fn strings_lose_their_quotes_and_what_does_not_fit() {
        let string = config(KconfigKind::String, 4);
        assert_eq!(option(&string, "\"ab\""), Ok(vec![b'a', b'b', 0, 0]));
        assert_eq!(option(&string, "\"abcdef\""), Ok(vec![b'a', b'b', b'c', 0]));
        assert!(option(&string, "\"").is_err());
    }
}
