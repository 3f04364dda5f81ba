//! `framehop`, an unwinder of others' making, has to agree with ours.
//!
//! It tracks three registers, and evaluates no expression that reads memory, so that signal frames and realigned
//! stacks are beyond it; these have tests of their own.

use std::fs;
use std::ops::Range;

use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};
use framehop::{
    ExplicitModuleSectionInfo, FrameAddress, MayAllocateDuringUnwind, Module, Unwinder as _,
};
use object::{Object as _, ObjectSection as _, ObjectSegment as _};

use super::process::{Stopped, build};
use super::{AddressSpace, LiveMemory, NO_FRAME_POINTERS, StackMemory, Unwinder};

fn module(mapping: &skep_abi::Mapping) -> Option<Module<Vec<u8>>> {
    let bytes = fs::read(&mapping.path).ok()?;
    let file = object::File::parse(&*bytes).unwrap();
    let section = |name: &str| file.section_by_name(name).map(|s| s.data().unwrap().to_vec());
    let range = |name: &str| -> Option<Range<u64>> {
        file.section_by_name(name).map(|s| s.address()..s.address() + s.size())
    };
    let (address, offset) = file
        .segments()
        .map(|s| (s.address(), s.file_range()))
        .find(|(_, (offset, size))| (*offset..offset + size).contains(&mapping.file_offset))
        .map(|(address, (offset, _))| (address, offset))?;
    let base = mapping.start - (address + (mapping.file_offset - offset));
    let sections = ExplicitModuleSectionInfo {
        base_svma: 0,
        text_svma: range(".text"),
        eh_frame_svma: range(".eh_frame"),
        eh_frame: section(".eh_frame"),
        eh_frame_hdr_svma: range(".eh_frame_hdr"),
        eh_frame_hdr: section(".eh_frame_hdr"),
        ..ExplicitModuleSectionInfo::default()
    };
    Some(Module::new(String::new(), mapping.start..mapping.end, base, sections))
}

fn theirs(space: &AddressSpace, stopped: &Stopped) -> Vec<u64> {
    let mut unwinder = UnwinderX86_64::<Vec<u8>, MayAllocateDuringUnwind>::new();
    for module in space.mappings().filter_map(module) {
        unwinder.add_module(module);
    }
    let mut memory = LiveMemory::open(stopped.pid).unwrap();
    let mut read = |address| memory.word(address).ok_or(());
    let mut cache = CacheX86_64::<MayAllocateDuringUnwind>::new();
    let regs = UnwindRegsX86_64::new(stopped.regs.ip, stopped.regs.sp, stopped.regs.bp);
    let mut frames = unwinder.iter_frames(stopped.regs.ip, regs, &mut cache, &mut read);
    let mut found = Vec::new();
    while let Ok(Some(frame)) = frames.next() {
        found.push(match frame {
            FrameAddress::InstructionPointer(address) => address,
            FrameAddress::ReturnAddress(address) => address.get(),
        });
    }
    found
}

#[test]
fn an_independent_unwinder_finds_the_same_frames() {
    let Some(program) = build(NO_FRAME_POINTERS) else { return };
    for kind in ["callback", "deep"] {
        let Some(stopped) = Stopped::start(&program, kind) else { return };
        let mut space = stopped.space();
        let mut memory = LiveMemory::open(stopped.pid).unwrap();
        let ours = Unwinder::new().unwind(&mut space, &stopped.regs, &mut memory);
        assert!(ours.frames.len() > 5);
        assert_eq!(theirs(&space, &stopped), ours.frames, "{kind}");
    }
}
