//! Which kernel an object is meant for.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use skep_abi::KernelVersion;

/// `--kernel`, `--btf`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Kernel")]
pub(crate) struct KernelArgs {
    /// Release such as 6.12 [default: the running kernel]
    #[arg(long, value_name = "V", value_parser = version)]
    pub(crate) kernel: Option<KernelVersion>,

    /// Types of that kernel from a BTF file, when skep's own selection is not enough
    ///
    /// FILE is what /sys/kernel/btf/vmlinux holds, or an ELF file with a .BTF section. RELEASE says which kernel
    /// it is from; --kernel does so as well.
    #[arg(long, value_name = "[RELEASE=]FILE")]
    pub(crate) btf: Option<BtfFile>,
}

/// A BTF file, and the release that it is from where that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BtfFile {
    pub(crate) release: Option<String>,
    pub(crate) path: PathBuf,
}

impl FromStr for BtfFile {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once('=') {
            // A path may hold a `=` too: only what looks like a release is one.
            Some((release, path)) if KernelVersion::from_release(release).is_some() => {
                Self { release: Some(release.to_owned()), path: path.into() }
            }
            _ => Self { release: None, path: text.into() },
        })
    }
}

/// Parses `6.12`, or a whole release such as `6.12.107-amd64`.
///
/// # Errors
/// When the text does not start with `major.minor`.
pub(crate) fn version(text: &str) -> Result<KernelVersion, String> {
    KernelVersion::from_release(text).ok_or_else(|| format!("`{text}` is no release; write 6.12"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_btf_file_may_name_its_release() {
        let parsed = |text: &str| text.parse::<BtfFile>().unwrap();
        let with = parsed("6.12.107-amd64=/tmp/v.btf");
        assert_eq!(with.release.as_deref(), Some("6.12.107-amd64"));
        assert_eq!(with.path, PathBuf::from("/tmp/v.btf"));
        let without = parsed("/tmp/a=b.btf");
        assert_eq!((without.release, without.path), (None, PathBuf::from("/tmp/a=b.btf")));
    }

    #[test]
    fn a_version_is_the_head_of_a_release() {
        assert_eq!(version("6.1.0-37-amd64"), Ok(KernelVersion::new(6, 1)));
        assert!(version("six").unwrap_err().contains("6.12"));
    }
}
