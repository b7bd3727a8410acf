/** The model on its ground: three's scene, drawn again only when something changed. */

import {
  type AnimationAction,
  AnimationMixer,
  Box3,
  Color,
  DirectionalLight,
  DoubleSide,
  GridHelper,
  Group,
  type Material,
  Mesh,
  type MeshStandardMaterial,
  NeutralToneMapping,
  PerspectiveCamera,
  Plane,
  PMREMGenerator,
  type Points,
  type PointsMaterial,
  Scene,
  type Side,
  Sphere,
  Timer,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { RoomEnvironment } from "three/examples/jsm/environments/RoomEnvironment.js";
import { round } from "./glb.ts";
import { dispose, type Loaded, materials } from "./load.ts";

/** From where it is looked at; y is up. */
export const SIDES = {
  aslant: [0.75, 0.5, 1],
  front: [0, 0, 1],
  back: [0, 0, -1],
  right: [1, 0, 0],
  left: [-1, 0, 0],
  top: [0, 1, 0],
  bottom: [0, -1, 0],
} as const satisfies Record<string, readonly [number, number, number]>;
export type Face = keyof typeof SIDES;

/** Radians for one press of an arrow, and pixels. */
const TURN = Math.PI / 24;
const MOVE = 32;
const ZOOM = 0.85;
const VIEW = 35;
/** Points whose places are looked at one by one; beyond, boxes are turned instead, which makes them a little larger at most. */
const EXACTLY = 400_000;

export interface Counted {
  readonly triangles: number;
  readonly points: number;
}

/** Lines and points that say no colour are white: not to be seen on a light ground. */
function ink(material: PointsMaterial): void {
  if (!material.vertexColors && !material.map && material.color?.getHex() === 0xffffff) material.color.set("#4f8f8a");
}

/** Most formats know no sides: a sheet is there from behind too, whichever way its corners go round. */
function bothSides(root: Group): void {
  for (const each of materials(root)) each.side = DoubleSide;
}

/** A surface of which the file says nothing comes as white metal: on a light ground it is gone where the light falls on it. */
function plain(root: Group): void {
  for (const each of materials(root)) {
    const { color, metalness, roughness, map, vertexColors } = each as MeshStandardMaterial;
    const silent = metalness === 1 && roughness === 1 && color.getHex() === 0xffffff;
    if (!silent || each.name || map || vertexColors) continue;
    color.set("#9fb3b8");
    (each as MeshStandardMaterial).metalness = 0;
  }
}

export class Space {
  readonly canvas: HTMLCanvasElement;
  readonly size = new Vector3();
  readonly counted: Counted;
  readonly step: number;
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #camera = new PerspectiveCamera(VIEW, 1, 0.01, 100);
  readonly #controls: OrbitControls;
  readonly #model: Group;
  readonly #materials: ReadonlyMap<Material, Side>;
  readonly #sphere = new Sphere();
  readonly #box = new Box3();
  readonly #plane = new Plane();
  readonly #mixer: AnimationMixer;
  readonly #timer = new Timer();
  readonly #room: { dispose(): void };
  readonly #watch: ResizeObserver;
  #action: AnimationAction | null = null;
  #grid: GridHelper | null = null;
  #frame = 0;
  #gone = false;

  /** Raises where there is no WebGL. `lost` is told when the graphics card gives up, and when it is back. */
  constructor(place: HTMLElement, { root, sided }: Loaded, smooth: boolean, lost: (gone: boolean) => void) {
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true"); // the place around it has the name
    this.#renderer = new WebGLRenderer({ canvas: this.canvas, antialias: true, alpha: true });
    const renderer = this.#renderer;
    renderer.toneMapping = NeutralToneMapping; // keeps the file's colours
    renderer.localClippingEnabled = true;
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.canvas.addEventListener("webglcontextlost", () => !this.#gone && lost(true));
    this.canvas.addEventListener("webglcontextrestored", () => {
      if (this.#gone) return;
      lost(false);
      this.draw();
    });

    const room = new RoomEnvironment();
    const maker = new PMREMGenerator(renderer);
    const light = maker.fromScene(room, 0.04);
    maker.dispose();
    room.dispose();
    this.#room = light;
    this.#scene.environment = light.texture;
    this.#scene.environmentIntensity = 0.38;
    const sun = new DirectionalLight(0xffffff, 1.5);
    sun.position.set(-0.4, 0.8, 1);
    this.#camera.add(sun);
    this.#scene.add(this.#camera);

    // About its own middle: coordinates far from zero would tremble (32 bits).
    this.#model = new Group();
    this.#model.add(root);
    plain(root);
    if (!sided) bothSides(root);
    this.#scene.add(this.#model);
    root.updateMatrixWorld(true);
    let [triangles, points] = [0, 0];
    root.traverse((one) => {
      const { geometry } = one as Mesh;
      if (!geometry?.attributes.position) return;
      const { count } = geometry.attributes.position;
      points += count;
      if (one instanceof Mesh) triangles += (geometry.index?.count ?? count) / 3;
      if ("isPoints" in one) ((one as Points).material as PointsMaterial).size = 2.5;
      if (!(one instanceof Mesh)) ink((one as Points).material as PointsMaterial);
    });
    this.counted = { triangles: Math.floor(triangles), points };
    this.#box.setFromObject(root, points < EXACTLY);
    if (this.#box.isEmpty() || !Number.isFinite(this.#box.getSize(this.size).length())) throw new Error("empty");
    const middle = this.#box.getCenter(new Vector3());
    this.#model.position.sub(middle);
    this.#box.translate(middle.negate());
    this.#box.getBoundingSphere(this.#sphere);
    this.step = round(Math.max(this.size.x, this.size.z, this.#sphere.radius / 50) / 8);
    this.#materials = new Map([...materials(root)].map((each) => [each, each.side]));
    this.#mixer = new AnimationMixer(root);

    this.#controls = new OrbitControls(this.#camera, this.canvas);
    this.#controls.enableDamping = smooth;
    this.#controls.dampingFactor = 0.12;
    this.#controls.autoRotateSpeed = 1.5;
    this.#controls.addEventListener("change", () => this.draw());
    place.prepend(this.canvas);
    this.#watch = new ResizeObserver(() => this.#resize(place));
    this.#watch.observe(place);
    this.#resize(place);
  }

  /** In the next frame, once. */
  draw(): void {
    if (this.#frame || this.#gone) return;
    this.#frame = requestAnimationFrame((time) => {
      this.#frame = 0;
      this.#timer.update(time);
      const past = this.#timer.getDelta();
      if (this.#moves) {
        this.#mixer.update(past);
        this.draw();
      }
      this.#controls.update(past); // draws again by `change` while it glides or turns
      this.#renderer.render(this.#scene, this.#camera);
    });
  }

  get #moves(): boolean {
    return Boolean(this.#action && !this.#action.paused);
  }

  #resize(place: HTMLElement): void {
    const { clientWidth: width, clientHeight: height } = place;
    if (!width || !height) return;
    this.#renderer.setSize(width, height);
    this.#camera.aspect = width / height;
    this.#camera.updateProjectionMatrix();
    this.draw();
  }

  // --- where it is looked at from -------------------------------------------------------------------------------------------

  look(face: Face): void {
    const radius = this.#sphere.radius || 1;
    const { aspect } = this.#camera;
    // the angle that matters is the narrower one
    const half = Math.atan(Math.tan(((VIEW / 2) * Math.PI) / 180) * Math.min(1, aspect));
    const away = (radius / Math.sin(half)) * 1.05;
    this.#controls.target.set(0, 0, 0);
    this.#camera.position.fromArray(SIDES[face]).setLength(away);
    this.#camera.near = radius / 200;
    this.#camera.far = away + radius * 40;
    this.#controls.minDistance = radius / 20;
    this.#controls.maxDistance = radius * 30;
    this.#camera.updateProjectionMatrix();
    this.#controls.update();
    this.draw();
  }

  turn(right: number, up: number): void {
    this.#controls.rotateLeft(right * TURN);
    this.#controls.rotateUp(-up * TURN);
  }

  move(right: number, up: number): void {
    this.#controls.pan(-right * MOVE, up * MOVE);
  }

  zoom(closer: boolean): void {
    if (closer) this.#controls.dollyIn(ZOOM);
    else this.#controls.dollyOut(ZOOM);
  }

  spin(on: boolean): void {
    this.#controls.autoRotate = on;
    this.draw();
  }

  // --- how it is drawn ------------------------------------------------------------------------------------------------------

  wires(on: boolean): void {
    for (const each of this.#materials.keys()) if ("wireframe" in each) each.wireframe = on;
    this.draw();
  }

  /** Squares of `step` below the model; null takes them away. */
  grid(colours: { line: string; axis: string } | null): void {
    if (this.#grid) {
      this.#scene.remove(this.#grid);
      this.#grid.dispose();
      this.#grid = null;
    }
    if (colours) {
      const many = Math.min(40, 2 * Math.ceil((Math.max(this.size.x, this.size.z) * 0.75) / this.step));
      const grid = new GridHelper(many * this.step, many, new Color(colours.axis), new Color(colours.line));
      grid.position.y = this.#box.min.y - this.size.length() * 1e-4; // not in the plane of the model's own floor
      this.#grid = grid;
      this.#scene.add(grid);
    }
    this.draw();
  }

  /** What lies farther along the axis than this part of the model's size is cut away; null for nothing. */
  cut(along: readonly [number, number, number] | null, part = 1): void {
    if (along) {
      const to = new Vector3(...along);
      const [low, high] = [this.#box.min.dot(to), this.#box.max.dot(to)].sort((one, other) => one - other);
      this.#plane.normal.copy(to).negate();
      this.#plane.constant = (low as number) + ((high as number) - (low as number)) * part;
    }
    for (const [each, side] of this.#materials) {
      each.clippingPlanes = along ? [this.#plane] : null;
      each.side = along ? DoubleSide : side; // its inside is seen
      each.needsUpdate = true;
    }
    this.draw();
  }

  // --- movement -------------------------------------------------------------------------------------------------------------

  play(clip: Loaded["clips"][number]): void {
    if (this.#action?.getClip() !== clip) {
      this.#mixer.stopAllAction();
      this.#action = this.#mixer.clipAction(clip);
    }
    this.#action.paused = false;
    this.#action.play();
    this.#timer.reset();
    this.draw();
  }

  pause(): void {
    if (this.#action) this.#action.paused = true;
  }

  close(): void {
    this.#gone = true;
    cancelAnimationFrame(this.#frame);
    this.#watch.disconnect();
    this.#controls.dispose();
    this.#mixer.stopAllAction();
    this.#grid?.dispose();
    dispose(this.#model);
    this.#room.dispose();
    this.#timer.dispose();
    this.#renderer.dispose();
    this.#renderer.forceContextLoss();
    this.canvas.remove();
  }
}
