//! Verdicts on small programs, each about one rule (`ui/`): skep's, and the running kernel's where that is 6.18.

mod case;

use std::io::{Write, stderr};
use std::os::fd::AsFd;
use std::path::Path;

use case::{Built, Case, outcome};
use skep_abi::{AttachType, KernelVersion};
use skep_btf::Btf;
use skep_host::{LogBuffer, Map as HostMap, MapAttr, Program as HostProgram};
use skep_isa::opcode;
use skep_verifier::{FuncInfo, Kernel, Map, Options, Program, Verdict};

const V6_18: KernelVersion = KernelVersion::new(6, 18);

fn cases() -> Vec<Case> {
    case::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui"))
}

fn expected(case: &Case) -> String {
    match &case.rejected {
        None => "accepted".to_owned(),
        Some((errno, message)) => format!("rejected {errno}: {message}"),
    }
}

/// Tells of every case whose outcome is another one, then fails.
fn compare(outcomes: impl IntoIterator<Item = (String, String, String)>) {
    let mut wrong = 0;
    for (name, expected, found) in outcomes {
        if expected != found {
            wrong += 1;
            let text = format!("{name}\n  expected {expected}\n  found    {found}\n");
            stderr().write_all(text.as_bytes()).expect("standard error is open");
        }
    }
    assert_eq!(wrong, 0, "some outcomes are not as expected");
}

fn with_insns(outcome: String, case: &Case, processed: u64) -> String {
    match case.insn_processed {
        Some(_) => format!("{outcome}; {processed} insns"),
        None => outcome,
    }
}

fn expected_with_insns(case: &Case) -> String {
    with_insns(expected(case), case, case.insn_processed.unwrap_or(0).into())
}

#[test]
fn programs_are_judged_as_their_heads_say() {
    let profile = skep::profile::shipped(V6_18).expect("6.18 is shipped");
    let left_out = |kind, name: &str| profile.left_out(kind, name);
    let kernel = Kernel {
        version: V6_18,
        btf: &profile.btf,
        left_out: &left_out,
        config: &|_| None,
        nr_cpus: profile.nr_cpus,
        nr_cpu_ids: 2,
        calls: &skep_calls::KernelCalls::default(),
    };
    compare(cases().iter().map(|case| {
        let found = judge(case, &kernel);
        (case.path.display().to_string(), expected_with_insns(case), found)
    }));
}

fn judge(case: &Case, kernel: &Kernel<'_>) -> String {
    let types = case.types();
    let insns = case.insns_for(kernel.btf);
    let funcs: Vec<_> = case
        .functions()
        .into_iter()
        .zip(types.functions.iter().copied())
        .map(|(insn, id)| FuncInfo { insn, ty: skep_btf::TypeId(id) })
        .collect();
    let maps: Vec<_> = case
        .maps
        .iter()
        .map(|map| Map {
            name: &map.name,
            map_type: map.kind,
            key_size: map.key_size,
            value_size: map.value_size,
            max_entries: map.max_entries,
            flags: map.flags,
            extra: 0,
            key_type: map.value.as_ref().map(|_| Built::INT),
            value_type: map.value.as_ref().map(|name| types.of(name)),
            inner: None,
            frozen: map.frozen.as_deref(),
            is_data_section: false,
        })
        .collect();
    let program = Program {
        name: "case",
        prog_type: case.prog_type,
        attach_type: case.attach.unwrap_or(AttachType::CgroupInetIngress),
        attach_btf_id: None,
        struct_ops_member: None,
        sleepable: case.sleepable,
        xdp_frags: false,
        strict_alignment: false,
        gpl_compatible: case.license == "GPL",
        insns: &insns,
        funcs: &funcs,
        lines: &[],
        btf: Some(&types.btf),
        maps: &maps,
    };
    let report = skep_verifier::verify(&program, kernel, Options::default());
    let text = match report.verdict {
        Verdict::Accepted => outcome(None, ""),
        Verdict::Rejected(rejection) => {
            let last = rejection.message.lines().last().unwrap_or("");
            outcome(Some(rejection.errno), last)
        }
        Verdict::Unsupported(what) => format!("unsupported: {what}"),
        Verdict::Bug(what) => format!("bug: {what}"),
    };
    with_insns(text, case, report.cost.insn_processed.into())
}

#[test]
fn the_running_kernel_judges_as_the_heads_say() {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if KernelVersion::from_release(release.trim()) != Some(V6_18) {
        return skep_skip::skipped!("the running kernel is not 6.18");
    }
    let Some(kernel) =
        std::fs::read("/sys/kernel/btf/vmlinux").ok().and_then(|bytes| Btf::parse(&bytes).ok())
    else {
        return skep_skip::skipped!("the running kernel shows no BTF");
    };
    let cases = cases();
    if ask(&cases[0], &kernel).is_err() {
        return skep_skip::skipped!("the kernel lets nobody load programs here");
    }
    compare(cases.iter().map(|case| {
        let found = ask(case, &kernel).unwrap_or_else(|error| error);
        (case.path.display().to_string(), expected_with_insns(case), found)
    }));
}

/// What the running kernel says, or why it cannot be asked.
fn ask(case: &Case, kernel: &Btf) -> Result<String, String> {
    let types = case.types();
    let btf = skep_host::load_btf(&types.btf).map_err(|error| error.to_string())?;
    let mut maps = Vec::new();
    for map in &case.maps {
        let attr = MapAttr {
            name: &map.name,
            kind: map.kind,
            key_size: map.key_size,
            value_size: map.value_size,
            max_entries: map.max_entries,
            flags: map.flags,
            types: map.value.as_ref().map(|name| (&btf, Built::INT.0, types.of(name).0)),
            inner: None,
        };
        let made = HostMap::create(&attr).map_err(|error| error.to_string())?;
        if let Some(bytes) = &map.frozen {
            made.update(&[0; 4], bytes).map_err(|error| error.to_string())?;
            made.freeze().map_err(|error| error.to_string())?;
        }
        maps.push(made);
    }
    let mut insns = case.insns_for(kernel);
    for insn in insns.iter_mut().filter(|insn| insn.code == opcode::LD_IMM64) {
        // By place among the descriptors that go with the program.
        insn.src.0 = match insn.src.0 {
            opcode::PSEUDO_MAP_FD => opcode::PSEUDO_MAP_IDX,
            opcode::PSEUDO_MAP_VALUE => opcode::PSEUDO_MAP_IDX_VALUE,
            other => other,
        };
    }
    let mut program = HostProgram::new(case.prog_type, &insns);
    program.license = &case.license;
    program.btf = Some(&btf);
    program.funcs = case
        .functions()
        .into_iter()
        .zip(types.functions.iter().copied())
        .map(|(insn, id)| [insn, id])
        .collect();
    program.expected_attach_type = case.attach.map_or(0, |attach| attach as u32);
    program.flags = if case.sleepable { 1 << 4 } else { 0 };
    let program = program.with_fds(maps.iter().map(AsFd::as_fd));
    let verdict = program.judge(&mut LogBuffer::whole());
    let processed = verdict.stats.map_or(0, |stats| stats.insn_processed);
    Ok(with_insns(outcome(verdict.errno, verdict.last_message()), case, processed))
}
