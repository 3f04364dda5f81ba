//! A kernel on a machine that need not be the one it was built for.

use skep_btf::{Btf, Kind};
use skep_object::KernelProfile;
use skep_topology::Topology;

use crate::Error;

/// A kernel that is fitted to a machine.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The kernel.
    pub profile: KernelProfile,
    /// What was changed: sentences without a full stop.
    pub notes: Vec<String>,
}

/// The kernel of a profile on a machine: `nr_cpu_ids` is the machine's; where the machine wants another
/// `NR_CPUS`, the types are those of the same kernel built so, with masks of that length.
///
/// # Errors
/// When the machine has more CPUs than the kernel is built for and does not say another `NR_CPUS`, and when
/// the kernel's types have no masks to be resized.
pub fn kernel_for(profile: KernelProfile, machine: &Topology) -> Result<Fitted, Error> {
    let nr_cpu_ids = machine.nr_cpu_ids();
    let mut fitted = Fitted { profile, notes: Vec::new() };
    match machine.nr_cpus() {
        Some(wanted) if wanted != fitted.profile.nr_cpus => fitted.rebuild(wanted)?,
        None if nr_cpu_ids > fitted.profile.nr_cpus => {
            let Fitted { profile, .. } = fitted;
            return Err(Error::input(format!(
                "the machine has CPU {}, but Linux {} is built for {} CPUs (NR_CPUS)",
                nr_cpu_ids - 1,
                profile.release,
                profile.nr_cpus
            ))
            .hint(format!(
                "add `nr_cpus {}` to the machine for the same kernel built for so many",
                nr_cpu_ids.next_power_of_two()
            )));
        }
        _ => {}
    }
    fitted.profile.nr_cpu_ids = Some(nr_cpu_ids);
    Ok(fitted)
}

impl Fitted {
    fn rebuild(&mut self, nr_cpus: u32) -> Result<(), Error> {
        let profile = &mut self.profile;
        let words = nr_cpus.div_ceil(64);
        let old = mask_bytes(&profile.btf);
        if old != Some(u64::from(words) * 8) {
            profile.btf =
                profile.btf.with_array_len("cpumask", "bits", words).ok_or_else(|| {
                    Error::unsupported(format!(
                        "the types of Linux {} have no struct cpumask that can be of {nr_cpus} CPUs",
                        profile.release
                    ))
                    .hint("leave `nr_cpus` out")
                })?;
            self.notes.push(format!(
                "Linux {} is built for {} CPUs; its types are taken as if built for {nr_cpus}, where struct cpumask has {} bytes, not {}",
                profile.release,
                profile.nr_cpus,
                u64::from(words) * 8,
                old.unwrap_or(0)
            ));
        }
        profile.nr_cpus = nr_cpus;
        profile.config.insert("CONFIG_NR_CPUS".to_owned(), nr_cpus.to_string());
        Ok(())
    }
}

fn mask_bytes(btf: &Btf) -> Option<u64> {
    btf.size_of(btf.find("cpumask", Kind::Struct)?)
}

#[cfg(test)]
mod tests {
    use skep_abi::KernelVersion;
    use skep_topology::{Topology, parse};

    use super::{kernel_for, mask_bytes};
    use crate::profile::shipped;

    fn machine(text: &str) -> Topology {
        parse(text).unwrap().topology
    }

    #[test]
    fn a_machine_that_says_nothing_of_it_has_the_kernels_nr_cpus() {
        let profile = shipped(KernelVersion::new(6, 12)).unwrap();
        let fitted = kernel_for(profile, &machine("8 cpus")).unwrap();
        let profile = fitted.profile;
        assert_eq!((profile.nr_cpus, profile.nr_cpu_ids), (8192, Some(8)));
        assert!(fitted.notes.is_empty());
    }

    #[test]
    fn another_nr_cpus_is_the_same_kernel_built_for_it() {
        let profile = shipped(KernelVersion::new(6, 12)).unwrap();
        let fitted = kernel_for(profile, &machine("8 cpus, nr_cpus 256")).unwrap();
        let btf = &fitted.profile.btf;
        assert_eq!(mask_bytes(btf), Some(32));
        // As measured on a kernel that is built for 256.
        let id = btf.find("bpf_cpumask", skep_btf::Kind::Struct).unwrap();
        assert_eq!(btf.size_of(id), Some(40));
        assert_eq!(fitted.profile.config["CONFIG_NR_CPUS"], "256");
        assert!(
            fitted.notes[0].contains("struct cpumask has 32 bytes, not 1024"),
            "{:?}",
            fitted.notes
        );
        // Too small for the machine, until it says so.
        let error =
            kernel_for(fitted.profile, &machine("2 nodes x 512 cores")).unwrap_err().to_string();
        assert!(error.contains("has CPU 1023, but Linux 6.12"), "{error}");
        assert!(error.contains("is built for 256 CPUs (NR_CPUS); add `nr_cpus 1024`"), "{error}");
    }
}
