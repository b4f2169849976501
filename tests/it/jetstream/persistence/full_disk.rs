//! A disk that takes no more, and a directory that is removed.

use super::crashes::{OWN_STREAMS, check_ids, check_totals};
use super::{Folder, Persist, counted, create_streams, orders, output};
use crate::delivery::child::Child;
use crate::jetstream::support::{Js, server};
use crate::support::wait_for;

#[test]
fn a_full_disk_ends_the_pipeline_and_the_next_run_goes_on() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    // No file may have more than 4 KiB.
    let settings = [("PATHWAY_PERSISTENT_STORAGE", folder.path())];
    let child = Child::start_with_small_files("persist without checkpoints", &uri, &settings, 4);
    let mut published = 0;
    wait_for("the disk is full", || {
        let is_ready = counted(&js) == published;
        if is_ready {
            js.publish_all(orders(published..published + 1));
            published += 1;
        }
        child.said().contains("Persistence")
    });
    let (status, said) = child.end();
    assert!(!status.success() && said.contains("cannot write `") && said.contains("log-00000001`"), "{said}");
    assert!(published > 20 && js.messages("OUT") > 0, "{published} orders, {said}");
    OWN_STREAMS.finish(&js, &uri, &folder, Persist::Log, 1, published);
    let sums = output(&js, "OUT");
    check_ids(&sums);
    check_totals(&sums, published);
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_made_later() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    let child = OWN_STREAMS.start(&uri, &folder, Persist::Checkpoints, 1);
    wait_for("a directory that is in use", || folder.0.join("manifest").exists() && folder.numbers("log-") == [1]);
    // What is written there fails, as on a full disk. The file is removed then.
    let unfinished = folder.0.join("part-00000001.new");
    std::os::unix::fs::symlink("/dev/full", &unfinished).expect("a link");
    js.publish_all(orders(0..100));
    wait_for("an error", || child.said().contains("a checkpoint could not be written; the pipeline goes on"));
    wait_for("a later checkpoint", || !folder.numbers("part-").is_empty());
    wait_for("all orders are counted", || counted(&js) == 100);
    child.signal("KILL");
    child.end();
    js.publish_all(orders(100..200));
    OWN_STREAMS.finish(&js, &uri, &folder, Persist::Checkpoints, 2, 200);
    let sums = output(&js, "OUT");
    check_ids(&sums);
    check_totals(&sums, 200);
}

#[test]
fn a_directory_that_is_removed_ends_the_pipeline() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    let child = OWN_STREAMS.start(&uri, &folder, Persist::Log, 1);
    js.publish_all(orders(0..10));
    wait_for("all orders are counted", || counted(&js) == 10);
    std::fs::remove_dir_all(&folder.0).expect("removed");
    let mut published = 10;
    wait_for("the end", || {
        if counted(&js) == published {
            js.publish_all(orders(published..published + 1));
            published += 1;
        }
        child.said().contains("Persistence")
    });
    let (status, said) = child.end();
    assert!(!status.success() && said.contains("log-00000001`: the file was removed while it was in use"), "{said}");
}
