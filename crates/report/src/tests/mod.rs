//! Profiles made by hand, and programs built for the purpose.

mod profile;
mod symbol;
mod writers;

use std::sync::Arc;

use skep_abi::{Mapping, Pid};

use crate::stack::{Process, ProcessId};
use crate::symbol::{Function, FunctionId, Line, Location, Query, Source, Space};
use crate::{Profile, Stack};

pub(crate) fn function(name: Option<&str>, object: &str, kernel: bool) -> Function {
    let address = name.is_none().then_some(0x40_1234);
    Function { name: name.map(Arc::from), object: object.into(), address, kernel }
}

/// A location per function, at 0x1000 and every 16 bytes on.
pub(crate) fn profile(comm: &str, functions: Vec<Function>, stacks: &[(&[u32], u64)]) -> Profile {
    let mapping = Mapping {
        start: 0x1000,
        end: 0x2000,
        file_offset: 0,
        path: "/usr/bin/odd".into(),
        build_id: vec![0xab, 0x01],
    };
    let process = Process { pid: Pid(7), comm: comm.into(), mappings: [mapping].into() };
    let location = |(at, function): (usize, &Function)| {
        let source = Some(Source { file: "odd.c".into(), line: 10 + at as u32 });
        let space = if function.kernel { Space::Kernel } else { Space::User(ProcessId(0)) };
        Location {
            query: Query { space, address: 0x1000 + 16 * at as u64 },
            mapping: (!function.kernel).then_some(0),
            lines: vec![Line { function: FunctionId(at as u32), source }],
        }
    };
    let locations = functions.iter().enumerate().map(location).collect();
    let stack = |(locations, weight): &(&[u32], u64)| Stack {
        group: None,
        process: ProcessId(0),
        locations: locations.to_vec(),
        weight: *weight,
    };
    Profile::from_parts(vec![process], functions, locations, stacks.iter().map(stack).collect())
}
