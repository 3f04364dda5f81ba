//! skep's verdict on a generated program.

use std::panic::{AssertUnwindSafe, catch_unwind};

use skep::check::with_kernel;
use skep_verifier::{FuncInfo, Kernel, Map, Options, Program, Report, Verdict};

use super::generate::Generated;
use super::world::{World, WorldMap, inner_spec};

/// What skep says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Accepted {
        insns: u64,
    },
    /// Its kind, and the message.
    Rejected {
        kind: &'static str,
        message: String,
    },
    Unsupported(String),
    /// It panicked or contradicted itself.
    Crashed(String),
}

impl Said {
    /// For people.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Accepted { .. } => "accepted".to_owned(),
            Self::Rejected { kind, message } => format!("{kind}: {message}"),
            Self::Unsupported(what) => format!("unsupported: {what}"),
            Self::Crashed(what) => format!("crashed: {what}"),
        }
    }
}

/// Asks skep.
pub(crate) struct Judge<'w> {
    world: &'w World,
    maps: Vec<Map<'w>>,
    nr_cpu_ids: u32,
}

impl<'w> Judge<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        let maps = world.maps.iter().map(|map| of(world, map)).collect();
        Self { world, maps, nr_cpu_ids: skep_host::possible_cpus() }
    }

    /// Asks about one program.
    pub(crate) fn judge(&self, generated: &Generated) -> Said {
        let report = match catch_unwind(AssertUnwindSafe(|| self.verify(generated))) {
            Ok(report) => report,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                return Said::Crashed(text.unwrap_or("a panic").to_owned());
            }
        };
        match report.verdict {
            Verdict::Accepted => Said::Accepted { insns: report.cost.insn_processed.into() },
            Verdict::Rejected(why) => {
                Said::Rejected { kind: why.kind.name, message: why.message.clone() }
            }
            Verdict::Unsupported(what) => Said::Unsupported(what),
            Verdict::Bug(what) => Said::Crashed(what),
        }
    }

    fn verify(&self, generated: &Generated) -> Report {
        let target = generated.target;
        let funcs: Vec<FuncInfo> =
            generated.funcs.iter().map(|func| FuncInfo { insn: func.start, ty: func.ty }).collect();
        let program = Program {
            name: "fuzz",
            prog_type: target.prog_type,
            attach_type: target.attach_type,
            attach_btf_id: target.attach_btf_id,
            struct_ops_member: None,
            sleepable: target.sleepable,
            xdp_frags: false,
            strict_alignment: false,
            gpl_compatible: generated.gpl,
            insns: &generated.insns,
            funcs: &funcs,
            lines: &[],
            // Maps have their types whether the program has some or not.
            btf: Some(&self.world.btf),
            maps: &self.maps,
        };
        let verify =
            |kernel: &Kernel<'_>| skep_verifier::verify(&program, kernel, Options::default());
        with_kernel(&self.world.profile, self.nr_cpu_ids, verify)
    }
}

fn of<'w>(world: &'w World, map: &WorldMap) -> Map<'w> {
    Map {
        name: map.name,
        map_type: map.kind,
        key_size: map.key_size,
        value_size: map.value_size,
        max_entries: map.max_entries,
        flags: map.flags,
        extra: 0,
        key_type: map.value_type.map(|_| world.int),
        value_type: map.value_type,
        inner: map.inner.then(|| Box::new(of(world, &inner_spec()))),
        frozen: map.frozen.then_some(&world.constants[..]),
        is_data_section: false,
    }
}
