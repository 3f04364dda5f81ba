//! Programs that see a packet: pointers out of the context, and loads by offset.

use std::sync::Arc;

use skep_abi::{Addr, Cpu, Errno, Pid, ProgId, ProgType};
use skep_interp::{Interp, Program, ProgramSpec};
use skep_isa::Insn;
use skep_machine::{Machine, Run, UserMemory};

struct Nobody;

impl UserMemory for Nobody {
    fn read(&self, _: Pid, _: u64, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

/// Runs insns on a packet whose bytes are their offsets; gives R0 and the packet's context.
fn run(prog_type: ProgType, insns: &[(u8, u8, i16, i32)]) -> Result<(u64, Vec<u8>), String> {
    let machine = Machine::builder().build().unwrap();
    let frame: Vec<u8> = (0..64).collect();
    let packets = machine.packets();
    let packet = match prog_type {
        ProgType::Xdp => packets.xdp(&frame, 0),
        _ => packets.skb(&frame, prog_type == ProgType::SchedCls),
    };
    let ctx: Addr = packets.insert(packet.unwrap());
    let insns: Vec<Insn> = insns
        .iter()
        .map(|(code, regs, off, imm)| {
            let mut bytes = [0; 8];
            (bytes[0], bytes[1]) = (*code, *regs);
            bytes[2..4].copy_from_slice(&off.to_le_bytes());
            bytes[4..].copy_from_slice(&imm.to_le_bytes());
            Insn::decode(bytes)
        })
        .collect();
    let program =
        Program::new(&machine, ProgramSpec::raw(ProgId(1), "p", prog_type, insns)).unwrap();
    let mut run = Run {
        machine: &machine,
        cpu: Cpu(0),
        prog: ProgId(1),
        prog_type,
        ctx,
        task: Pid(1),
        sample: None,
        event: None,
        cookie: 0,
        user: &Nobody,
    };
    let r0 =
        Interp::new().run(&Arc::new(program), &mut run).map_err(|trap| trap.kind.to_string())?;
    Ok((r0, packets.with(ctx, |packet| packet.ctx_bytes()).unwrap()))
}

/// `r0 = *(u32 *)(r1 + off)`, `r0 = *(u8 *)(r0 + off)`, `r6 = r1`, `exit`
const fn load_ctx(off: i16) -> (u8, u8, i16, i32) {
    (0x61, 0x10, off, 0)
}
const fn load_byte(off: i16) -> (u8, u8, i16, i32) {
    (0x71, 0x00, off, 0)
}
const SAVE_CTX: (u8, u8, i16, i32) = (0xbf, 0x16, 0, 0);
const EXIT: (u8, u8, i16, i32) = (0x95, 0, 0, 0);

fn r0(prog_type: ProgType, insns: &[(u8, u8, i16, i32)]) -> u64 {
    run(prog_type, insns).unwrap().0
}

#[test]
fn packet_pointers_of_32_bits_are_addresses() {
    assert_eq!(r0(ProgType::SchedCls, &[load_ctx(76), load_byte(5), EXIT]), 5);
    assert_eq!(r0(ProgType::SchedCls, &[load_ctx(80), load_byte(-1), EXIT]), 63);
    assert_eq!(r0(ProgType::Xdp, &[load_ctx(0), load_byte(20), EXIT]), 20);
    let past = run(ProgType::Xdp, &[load_ctx(4), load_byte(0), EXIT]).unwrap_err();
    assert!(past.contains("0 bytes past the end of packet (64 bytes)"), "{past}");
}

#[test]
fn loads_by_offset_are_in_network_order_and_end_the_program_where_nothing_is() {
    let abs = |code: u8, imm: i32| [SAVE_CTX, (code, 0, 0, imm), EXIT];
    // A socket filter's packet begins after the link layer header.
    assert_eq!(r0(ProgType::SocketFilter, &abs(0x20, 0)), 0x0e0f_1011);
    assert_eq!(r0(ProgType::SocketFilter, &abs(0x28, -0x20_0000)), 0x0001, "from the link layer");
    assert_eq!(r0(ProgType::SocketFilter, &abs(0x30, -0x10_0000)), 0x0e, "from the network layer");
    assert_eq!(r0(ProgType::SocketFilter, &abs(0x30, 49)), 63);
    assert_eq!(r0(ProgType::SocketFilter, &abs(0x30, 50)), 0);
    assert_eq!(r0(ProgType::SocketFilter, &abs(0x28, 49)), 0);
    assert_eq!(r0(ProgType::SocketFilter, &abs(0x30, -0x30_0000)), 0);
    // r2 = 3; r0 = *(u8 *)skb[r2 + 4]
    let ind = [SAVE_CTX, (0xb7, 2, 0, 3), (0x50, 0x20, 0, 4), EXIT];
    assert_eq!(r0(ProgType::SocketFilter, &ind), 14 + 7);
    let nobody = run(ProgType::PerfEvent, &abs(0x20, 0)).unwrap_err();
    assert!(nobody.contains("packet loads work in socket programs only"), "{nobody}");
}

#[test]
fn narrow_fields_of_the_context_keep_what_they_can_hold() {
    // *(u32 *)(r1 + off) = imm; r0 = 0; exit
    let store = |off: i16, imm: i32| {
        let insns = [(0x62, 0x01, off, imm), (0xb7, 0, 0, 0), EXIT];
        let (_, ctx) = run(ProgType::SchedCls, &insns).unwrap();
        let at = off as usize;
        u32::from_le_bytes(ctx[at..at + 4].try_into().unwrap())
    };
    assert_eq!(store(44, 0x12_3456), 0x3456, "tc_index");
    assert_eq!(store(12, 0x1234), 0x1234, "queue_mapping");
    assert_eq!(store(12, 0xffff), 0, "no queue is left as it was");
    assert_eq!(store(8, -1), u32::MAX, "mark");
}
