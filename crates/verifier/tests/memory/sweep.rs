//! Tries all loads and stores of a context.

use std::ops::Range;

use skep_abi::{AttachType, ProgType};
use skep_btf::Type;
use skep_isa::{Insn, Mem, Op, Reg, Size, Source, assemble};

use crate::judges::{self, Loaded};

const SIZES: [Size; 4] = [Size::B, Size::H, Size::W, Size::DW];

/// A program of these operations that returns `value`.
fn program(ops: &[Op], value: i32) -> Vec<Insn> {
    let encoded = ops.iter().flat_map(|op| op.encode().iter().collect::<Vec<_>>());
    let end = assemble(&format!("r0 = {value}\nexit")).expect("two insns");
    encoded.chain(end).collect()
}

/// The accesses of one offset: loads of both kinds, stores of both kinds, and a load whose result is then read through,
/// so that the message tells what it is.
fn accesses(off: i16, value: i32) -> Vec<Vec<Insn>> {
    let program = |ops: &[Op]| program(ops, value);
    let mem = Mem { base: Reg::R1, off };
    let mut all = Vec::new();
    for size in SIZES {
        let load = Op::Load { size, signed: false, dst: Reg::R3, mem };
        let through =
            |size, base| Op::Load { size, signed: false, dst: Reg::R4, mem: Mem { base, off: 0 } };
        all.push(program(&[load]));
        all.push(program(&[load, through(Size::B, Reg::R3)]));
        all.push(program(&[load, through(Size::DW, Reg::R3), through(Size::DW, Reg::R4)]));
        if size != Size::DW {
            all.push(program(&[Op::Load { size, signed: true, dst: Reg::R3, mem }]));
        }
        all.push(program(&[Op::Store { size, mem, src: Source::Imm(0) }]));
        all.push(program(&[Op::Store { size, mem, src: Source::Reg(Reg::R10) }]));
    }
    all
}

/// Holds skep against the kernel at all these offsets.
pub(crate) fn of(name: &str, loaded: Loaded, offsets: Range<i32>) {
    if judges::running().is_none() {
        skep_skip::skipped!("the running kernel's types cannot be read");
        return;
    }
    let why = |value| judges::kernel(&loaded, &program(&[], value));
    // Some types must return 1.
    let Some(value) = [0, 1].into_iter().find(|&value| why(value).is_none()) else {
        let why = why(0).unwrap_or_default();
        skep_skip::skipped!("the running kernel loads no program as {name}: {why}");
        return;
    };
    let mut wrong = Vec::new();
    for off in offsets {
        let off = i16::try_from(off).expect("offsets fit an insn");
        for insns in accesses(off, value) {
            compare(name, &loaded, &insns, &mut wrong);
        }
    }
    must_be_none(&wrong);
}

/// Asks both, and notes a difference.
pub(crate) fn compare(name: &str, loaded: &Loaded, insns: &[Insn], wrong: &mut Vec<String>) {
    let kernel = judges::kernel(loaded, insns);
    let skep = judges::skep(loaded, insns);
    if kernel != skep {
        let text: Vec<String> = skep_isa::ops(insns)
            .map(|(_, op)| op.map_or_else(|error| error.to_string(), |op| op.to_string()))
            .collect();
        wrong
            .push(format!("{name}: {}\n  kernel: {kernel:?}\n  skep:   {skep:?}", text.join("; ")));
    }
}

/// Fails where there is a difference.
pub(crate) fn must_be_none(wrong: &[String]) {
    let first = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differences, of which:\n{first}", wrong.len());
}

/// Every argument of every tracepoint of the running kernel.
pub(crate) fn arguments_of_tracepoints() {
    let Some((_, btf)) = judges::running() else {
        skep_skip::skipped!("the running kernel's types cannot be read");
        return;
    };
    let mut wrong = Vec::new();
    let mut tried = 0;
    for id in btf.ids() {
        let Type::Typedef { name, .. } = btf.ty(id) else { continue };
        let Some(name) = name.strip_prefix("btf_trace_") else { continue };
        let loaded = Loaded::new(ProgType::Tracing, AttachType::TraceRawTp).to(id);
        if judges::kernel(&loaded, &program(&[], 0)).is_some() {
            continue;
        }
        tried += 1;
        for arg in 0..13 {
            let mem = Mem { base: Reg::R1, off: 8 * arg };
            let load = Op::Load { size: Size::DW, signed: false, dst: Reg::R3, mem };
            let mem = Mem { base: Reg::R3, off: 0 };
            let through = Op::Load { size: Size::B, signed: false, dst: Reg::R4, mem };
            compare(name, &loaded, &program(&[load, through], 0), &mut wrong);
        }
    }
    if tried == 0 {
        skep_skip::skipped!("the running kernel loads no program for a tracepoint");
    }
    must_be_none(&wrong);
}
