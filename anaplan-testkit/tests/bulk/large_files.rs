use bytes::Bytes;

use crate::support::{Caller, both_forms};

const CHUNK: usize = 6 * 1024 * 1024;

/// Bytes that are different in every chunk, and at every place of it.
fn chunk(number: usize) -> Bytes {
    let step = 2 * number + 1;
    #[allow(clippy::cast_possible_truncation)]
    let byte = |at: usize| ((at * step) >> 3) as u8;
    (0..CHUNK).map(byte).collect()
}

#[test]
fn what_is_too_large_for_memory_comes_back_as_it_was_sent() {
    for caller in both_forms() {
        let file = caller.demo.source_file;
        let path = |number: usize| format!("files/{file}/chunks/{number}");
        caller.chunk_count(file, 4).expect(200);
        for number in [2, 0, 3, 1] {
            caller.put(&path(number), chunk(number)).expect(204);
        }
        // One that is sent again takes the place of the first.
        caller.put(&path(1), "short").expect(204);
        caller.put(&path(1), chunk(1)).expect(204);
        for number in 0..4 {
            assert!(caller.get(&path(number)).expect(200).body == chunk(number));
        }
        let whole: Vec<u8> = (0..4).flat_map(chunk).collect();
        assert!(caller.get(&format!("files/{file}")).expect(200).body == whole);
        let completed = caller
            .fake
            .world(|world| world.books().files_completed.clone());
        assert_eq!(completed[0].bytes, 4 * CHUNK as u64);
        caller
            .put(&format!("files/{file}"), whole.clone())
            .expect(204);
        assert!(caller.get(&format!("files/{file}")).expect(200).body == whole);
    }
}

#[test]
fn a_large_export_is_cut_into_chunks() {
    let caller = Caller::admin();
    let (list, export) = caller.fake.world(|world| {
        let mut edit = world.edit(&caller.demo.dev);
        let list = edit
            .list("Long")
            .items((0..240).map(|number| format!("{number:0>50000}")))
            .id();
        (list, edit.export("Long").of_list(list).id())
    });
    let result = caller.run(&format!("exports/{export}"));
    assert_eq!(result["successful"], true);
    let whole = caller.get(&format!("files/{export}")).expect(200).body;
    let chunks = caller
        .get(&format!("files/{export}/chunks"))
        .expect(200)
        .json();
    assert_eq!(chunks["chunks"].as_array().unwrap().len(), 2);
    let joined: Vec<u8> = (0..2)
        .flat_map(|number| {
            caller
                .get(&format!("files/{export}/chunks/{number}"))
                .expect(200)
                .body
        })
        .collect();
    assert!(joined == whole);
    let text = String::from_utf8(joined).unwrap();
    let items = caller
        .fake
        .world(|world| world.model(&caller.demo.dev).unwrap().items[&list].len());
    assert_eq!(text.lines().count(), 1 + items);
    assert!(
        text.lines()
            .skip(1)
            .all(|line| line.split(',').next().unwrap().len() == 50_000)
    );
}
