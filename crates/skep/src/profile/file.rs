//! A kernel's types from a file: raw BTF, or the `.BTF` section of an ELF `vmlinux`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use object::{Object, ObjectSection};
use skep_abi::KernelVersion;
use skep_btf::{Btf, BtfProblem};
use skep_object::KernelProfile;

use super::nr_cpus;
use crate::Error;

/// The profile of a kernel whose types are in a file, raw or in an ELF `vmlinux`. Its options are not known
/// but for `NR_CPUS`.
///
/// # Errors
/// When `release` is no kernel release, or the file cannot be read or holds no kernel's BTF.
pub fn from_btf_file(path: impl AsRef<Path>, release: &str) -> Result<KernelProfile, Error> {
    let path = path.as_ref();
    let shown = path.display();
    let release = release.trim();
    let version = KernelVersion::from_release(release).ok_or_else(|| {
        Error::input(format!("`{release}` is no kernel release"))
            .hint("write it as 6.12 or 6.12.107-amd64")
    })?;
    let bytes =
        fs::read(path).map_err(|error| Error::input(format!("cannot read {shown}: {error}")))?;
    let btf = parse(&bytes)
        .map_err(|error| Error { message: format!("{shown}: {}", error.message), ..error })?;
    let nr_cpus = nr_cpus(&btf);
    let mut config = BTreeMap::new();
    if nr_cpus > 0 {
        config.insert("CONFIG_NR_CPUS".to_owned(), nr_cpus.to_string());
    }
    Ok(KernelProfile {
        release: release.to_owned(),
        version,
        config,
        nr_cpus,
        nr_cpu_ids: None,
        btf,
        known: None,
        trusts_all_args: None,
        ksyms: BTreeMap::new(),
    })
}

fn parse(bytes: &[u8]) -> Result<Btf, Error> {
    if !bytes.starts_with(b"\x7fELF") {
        return whole(bytes);
    }
    let elf = object::File::parse(bytes)
        .map_err(|error| Error::input(format!("bad ELF file: {error}")))?;
    let section = elf.section_by_name(".BTF").ok_or_else(|| {
        Error::input("the ELF file has no .BTF section")
            .hint("a vmlinux built with CONFIG_DEBUG_INFO_BTF=y has one; so has /sys/kernel/btf/vmlinux as a whole")
    })?;
    let data = section.data().map_err(|error| Error::input(format!("section .BTF: {error}")))?;
    whole(data)
}

fn whole(bytes: &[u8]) -> Result<Btf, Error> {
    Btf::parse(bytes).map_err(|error| {
        let hint = match error.problem {
            BtfProblem::BadMagic(_) => {
                "it must be raw BTF such as /sys/kernel/btf/vmlinux, or an ELF vmlinux"
            }
            BtfProblem::BadTypeId(_) | BtfProblem::BadString(_) => {
                "if it is a module's BTF: only the kernel's own can stand alone"
            }
            _ => return Error::input(error),
        };
        Error::input(error).hint(hint)
    })
}
