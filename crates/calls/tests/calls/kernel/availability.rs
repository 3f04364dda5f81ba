//! "call X; r0 = 0; exit" in every program type that can be loaded here.

use skep_abi::{CallKind, Permit, ProgType};

use super::asm::Asm;
use super::host::loaders;
use super::{TABLES_KNOWN, running};

#[test]
fn the_running_kernel_offers_each_helper_to_the_same_program_types() {
    let Some(version) = running(TABLES_KNOWN) else { return };
    let mut wrong = Vec::new();
    for loader in loaders() {
        for call in skep_calls::calls() {
            let CallKind::Helper(id) = call.spec.kind else { continue };
            // Tracing programs are loaded for a raw tracepoint here, which has neither a traced function nor
            // the tables of the other attach types.
            if loader.prog_type == ProgType::Tracing && call.spec.name == "bpf_get_func_ip" {
                continue;
            }
            let asm = Asm::default().call(id).set(0, loader.ret).exit();
            let (permit, log) = match loader.load(&asm) {
                Ok(()) => (Permit::Allowed, String::new()),
                Err(refused) if refused.log.contains("cannot use helper") => {
                    (Permit::Denied, refused.log)
                }
                Err(refused) if refused.errno == 524 => (Permit::Unsupported, refused.log),
                // Anything else is about the arguments, which come after the question who may call.
                Err(refused) => (Permit::Allowed, refused.log),
            };
            let ours = call.spec.permit(loader.prog_type, version);
            if ours != permit {
                let prog = loader.prog_type.name();
                wrong.push(format!(
                    "{prog} {}: kernel {permit:?}, skep {ours:?}: {log}",
                    call.spec.name
                ));
            }
            let needs_gpl = match loader.load_as(&asm, false) {
                Ok(()) => false,
                Err(refused) => refused.log.contains("GPL-restricted function"),
            };
            // struct_ops programs must all be GPL, which is asked first.
            let asked = permit == Permit::Allowed && loader.prog_type != ProgType::StructOps;
            if asked && needs_gpl != call.spec.needs_gpl(loader.prog_type) {
                let prog = loader.prog_type.name();
                wrong.push(format!("{prog} {}: the kernel wants GPL: {needs_gpl}", call.spec.name));
            }
            if permit == Permit::Unsupported {
                assert!(log.contains(&call.spec.unsupported_text(loader.prog_type)), "{log}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
