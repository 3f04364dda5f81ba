//! The profiles that skep ships: `facts/profiles/*.profile`, written by `cargo xtask profiles`.
//!
//! Text lines up to an empty line, then a lzip member: the reduced BTF, and the names of the types that the
//! reduction left out.

use std::collections::BTreeMap;
use std::io::Read;

use lzma_rust2::LzipReader;
use skep_abi::KernelVersion;
use skep_btf::Btf;
use skep_btf::core::KnownNames;
use skep_object::KernelProfile;

/// A profile that skep ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Mainline release.
    pub version: KernelVersion,
    bytes: &'static [u8],
}

const fn entry(version: &str, bytes: &'static [u8]) -> Shipped {
    Shipped { version: KernelVersion::literal(version), bytes }
}

macro_rules! profile {
    ($release:literal) => {
        include_bytes!(concat!("../../../../facts/profiles/", $release, "-x86_64.profile"))
    };
}

/// In the order of their releases.
static SHIPPED: [Shipped; 5] = [
    entry("6.1", profile!("6.1.192-amd64")),
    entry("6.12", profile!("6.12.107-amd64")),
    entry("6.18", profile!("6.18.15-amd64")),
    entry("6.19", profile!("6.19.14-amd64")),
    entry("7.2", profile!("7.2.13-amd64")),
];

/// Every shipped profile, in the order of their releases.
pub fn shipped_list() -> &'static [Shipped] {
    &SHIPPED
}

/// The shipped profile of a release, if there is one. Each call unpacks it anew.
pub fn shipped(version: KernelVersion) -> Option<KernelProfile> {
    SHIPPED.iter().find(|shipped| shipped.version == version).map(Shipped::unpack)
}

/// The newest shipped release that is not newer than `version`; the oldest when all are.
pub(super) fn nearest(version: KernelVersion) -> KernelVersion {
    let older =
        SHIPPED.iter().map(|shipped| shipped.version).rev().find(|shipped| *shipped <= version);
    older.unwrap_or(SHIPPED[0].version)
}

impl Shipped {
    /// `uname -r` of the kernel that the profile was made of.
    pub fn release(&self) -> &'static str {
        self.field("release").unwrap_or("")
    }

    /// The first head line with this key, without the key.
    pub fn field(&self, key: &str) -> Option<&'static str> {
        self.fields().find_map(|(found, value)| (found == key).then_some(value))
    }

    /// Size of the file in bytes.
    pub fn packed_len(&self) -> usize {
        self.bytes.len()
    }

    fn parts(&self) -> (&'static str, &'static [u8]) {
        let end = self.bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(0);
        let head = std::str::from_utf8(&self.bytes[..end]).unwrap_or("");
        (head, self.bytes.get(end + 2..).unwrap_or(&[]))
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.parts()
            .0
            .lines()
            .filter_map(|line| match line.strip_prefix("sizeof ") {
                // The key of a size has two words: `sizeof task_struct 5888`.
                Some(sized) => line.split_at_checked(7 + sized.find(' ')?),
                None => line.split_at_checked(line.find(' ')?),
            })
            .map(|(key, value)| (key, value.trim_start()))
    }

    /// The profile itself.
    pub fn unpack(&self) -> KernelProfile {
        // Tests unpack every one of them.
        self.try_unpack().expect("the profiles that are built in are whole")
    }

    fn try_unpack(&self) -> Result<KernelProfile, String> {
        let number = |key: &str| -> Result<u32, String> {
            let text = self.field(key).ok_or_else(|| format!("no {key}"))?;
            text.parse().map_err(|error| format!("{key} {text}: {error}"))
        };
        let btf_len = usize::try_from(number("btf")?).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        LzipReader::new(self.parts().1)
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        let (btf, names) = bytes.split_at_checked(btf_len).ok_or("the BTF is cut short")?;
        let names = std::str::from_utf8(names).map_err(|error| error.to_string())?;
        let options = self.fields().filter(|(key, _)| *key == "config");
        let config: BTreeMap<String, String> = options
            .filter_map(|(_, option)| option.split(' ').next()?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(KernelProfile {
            release: self.release().to_owned(),
            version: self.version,
            config,
            nr_cpus: number("nr_cpus")?,
            nr_cpu_ids: None,
            btf: Btf::parse(btf).map_err(|error| error.to_string())?,
            known: Some(KnownNames::decode(names).map_err(|error| error.to_string())?),
            trusts_all_args: None,
            ksyms: BTreeMap::new(),
        })
    }
}
