//! Pictures from strangers: any bytes are refused or become a small PNG of ours.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src-tauri/src/avatars/picture.rs"]
mod picture;

fuzz_target!(|bytes: &[u8]| {
    let Ok(png) = picture::shrink(bytes) else { return };
    let drawn =
        image::load_from_memory_with_format(&png, image::ImageFormat::Png).expect("our own PNG");
    assert!(drawn.width() <= 96 && drawn.height() <= 96);
});
