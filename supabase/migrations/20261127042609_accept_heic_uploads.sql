-- Phones photograph in HEIC. It is converted before it is shown: `project-media` takes none.
update storage.buckets set allowed_mime_types = array[
    'image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif', 'image/heic', 'image/heif',
    'video/mp4', 'video/webm', 'video/quicktime'
] where id = 'uploads';
