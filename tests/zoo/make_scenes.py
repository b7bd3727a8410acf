"""Makes mesh/script.blend and the doctor's beacon.blend: ``blender --background --factory-startup --python make_scenes.py -- FILE [hostile]``.

Three orange cubes, one above the other (an array of one), seen from +x against blue. The hostile one would rename its cube and move it by Python:
by a text that is to run as the file is opened, and by a driver.
"""

import sys

import bpy

words = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
bpy.ops.mesh.primitive_cube_add(size=2)
cube = bpy.context.object
cube.name = "Beacon"
row = cube.modifiers.new("Row", "ARRAY")
row.count, row.relative_offset_displace = 3, (0, 0, 1.25)
orange = bpy.data.materials.new("Orange")
orange.use_nodes = True
surface = orange.node_tree.nodes["Principled BSDF"].inputs
surface["Base Color"].default_value = (0.8, 0.12, 0.02, 1)
surface["Metallic"].default_value, surface["Roughness"].default_value = 0.25, 0.6
cube.data.materials.append(orange)
camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
camera.location, camera.rotation_euler = (14, 0, 2.5), (1.5708, 0, 1.5708)
scene.collection.objects.link(camera)
scene.camera = camera
sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
sun.data.energy, sun.rotation_euler = 3, (0.3, 1.0, 0)
scene.collection.objects.link(sun)
scene.world = bpy.data.worlds.new("World")
scene.world.use_nodes = True
scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.05, 0.15, 0.6, 1)
scene.render.resolution_x, scene.render.resolution_y = 400, 300
scene.view_settings.view_transform = "Standard"
if "hostile" in words:
    text = bpy.data.texts.new("run.py")
    text.use_module = True
    text.from_string("import bpy\nbpy.data.objects['Beacon'].name = 'ScriptRan'\n")
    driver = cube.driver_add("location", 0).driver
    driver.type, driver.expression = "SCRIPTED", "__import__('math').floor(7.5)"
if "blind" in words:
    scene.camera = None
# without the windows and work spaces that a whole file has
bpy.data.libraries.write(words[0], {scene, *bpy.data.texts}, compress=True)
